-- actions/order_words.lua: plain words that send an NPC somewhere, in the languages of the mod.

local lines = require("spec.support.order_lines")

describe("order words", function()
	local read
	setup(function()
		local calling = require("spec.support.orders").start().mod.calling
		local load = function(file, ...) return assert(loadfile("mods/llm_agent/actions/" .. file .. ".lua"))(...) end
		read = load("order_words", calling.names, load("order_phrases")).read
	end)

	local GOALS = {"Harbour", "Otto", "Борис", "Robin"}
	local WHO = {en = "Greta", de = "Greta", fr = "Greta", es = "Greta", ru = "Анна"}

	local function name_for(kind, lang)
		if kind == "place" then return "Harbour" end
		return (kind == "follow" or kind == "go_to") and (lang == "ru" and "Борис" or "Otto") or nil
	end

	it("are read in five languages", function()
		local missed = {}
		for lang, who in pairs(WHO) do
			local count = 0
			for kind, list in pairs(lines[lang]) do
				for _, line in ipairs(list) do
					local order = read(line, who, GOALS)
					local wanted = (kind == "place" and "go_to" or kind) .. " " .. (name_for(kind, lang) or "") .. " " .. lang
					if order and order.kind == "stop_following" then order.kind = "stay" end
					local got = order and order.kind .. " " .. (order.name or "") .. " " .. order.lang
					if got ~= wanted then missed[#missed + 1] = ("%s: %s, not %s"):format(line, tostring(got), wanted) end
					count = count + 1
				end
			end
			assert.is_true(count >= 25, lang)
		end
		assert.same({}, missed)
	end)

	it("are no questions, no stories and no greetings", function()
		for _, line in ipairs(lines.no_orders) do
			for _, who in ipairs({"Greta", "Анна"}) do
				local order = read(line, who, GOALS)
				assert.is_nil(order, line .. ": " .. (order and order.kind or ""))
			end
		end
	end)

	it("go only to who and what is there", function()
		assert.is_nil(read("greta go to tilda", "Greta", GOALS))
		assert.is_nil(read("greta geh zu tilda", "Greta", GOALS))
	end)
end)
