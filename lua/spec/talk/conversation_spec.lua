-- talk/conversation.lua: what is said aloud among several.

local conversation = dofile("mods/llm_agent/talk/conversation.lua")

describe("a conversation", function()
	it("keeps the last lines, and is over after a long silence", function()
		local own = conversation.new(0)
		for i = 1, 20 do conversation.add(own, "Ann", "line " .. i, i) end
		assert.equal(8, #own.lines)
		assert.equal("line 20", own.lines[8].text)
		local npc = {conversation = own}
		assert.equal(own, conversation.of(npc, 60e6))
		assert.is_nil(conversation.of(npc, 61e6))
		assert.is_nil(npc.conversation)
	end)

	it("calls whom a line names, never who said it", function()
		local ann, bram = {name = "Ann"}, {name = "Bram"}
		assert.equal(bram, conversation.called({speaker = "Ann", text = "I, Ann, ask Bram."}, {ann, bram}, {[ann] = true, [bram] = true}))
		assert.is_nil(conversation.called({speaker = "Ann", text = "I am Ann."}, {ann, bram}, {[ann] = true}))
	end)
end)
