-- Tells the story of plot.lua: one scene after the other, each step waiting for its answer, though not for ever.
-- What happens is logged as `[llm_village] story {json}`, one line each, which the demo prints; by their `kind`:
--   soon · scene {text} · say {who, to, text} · answer {who, to?, text, how, ms} · effect {text} · note {text} · end {left_out?}
-- Effects are counted where they are: in packs, accounts and hit points, before and after. Nothing is done for anybody here.

local cast, stage, plain, trade_window = ...

local ANSWER_MAX_S = 12 -- the mod itself gives up after 8
local DRAWN_STEPS_MAX = 20 -- until the trade window answers a press
local WINDOW_MAX_S = 4 -- for the model's words in the trade window; the rule's stand there at once
local EFFECT_MAX_S = 1 -- what comes of a reply comes in the same step, but for what the mod looks at once a second
local BETWEEN_S = 1.6 -- two sentences of a player: what comes sooner is not heard (llm_agent.player_cooldown_s)
local BEAT_S = 1.8 -- for people to read what was answered

local story = {}

local thread, wanted, left_s, now_s, last_said_s = nil, nil, 0, 0, -BETWEEN_S
local pending -- the answer that is waited for: {npc, player, words or nil, reply}
local effects = {} -- what happened before the answer was told
local told_goods = {} -- name → item → count, as told last

local function tell(kind, line)
	line.kind = kind
	core.log("action", "[llm_village] story " .. core.write_json(line))
end

function story.note(words, ...) tell("note", {text = words:format(...)}) end

function story.effect(words, ...)
	local line = words:format(...)
	if pending then effects[#effects + 1] = line else tell("effect", {text = line}) end
end

local function tell_effects()
	pending = nil
	for _, line in ipairs(effects) do tell("effect", {text = line}) end
	effects = {}
end

-- Until the condition holds, or so many seconds have passed; returns what the condition did.
function story.wait(seconds, condition)
	wanted, left_s = condition or function() return false end, seconds
	coroutine.yield()
	local last = wanted
	wanted = nil
	return last()
end

-- Goods -----------------------------------------------------------------------------------------------------------------

local function item_words(item, count)
	if item == stage.COIN then return count == 1 and "coin" or "coins" end
	local def = core.registered_items[item]
	local words = def and plain(def.description):match("^[^\n]*"):lower() or item
	return count == 1 and words or words .. "s"
end

local function goods_of(visitor)
	local goods = {}
	for _, stack in ipairs(visitor:get_inventory():get_list("main")) do
		local item = stack:get_name()
		if item ~= "" then goods[item] = (goods[item] or 0) + stack:get_count() end
	end
	return goods
end

local function changes(name, goods)
	local before, parts, seen = told_goods[name] or {}, {}, {}
	for _, counts in ipairs({before, goods}) do
		for item in pairs(counts) do
			local from, to = before[item] or 0, goods[item] or 0
			if from ~= to and not seen[item] then parts[#parts + 1] = ("%d → %d %s"):format(from, to, item_words(item, to)) end
			seen[item] = true
		end
	end
	told_goods[name] = goods
	table.sort(parts)
	return parts[1] and name .. ": " .. table.concat(parts, ", ")
end

-- What visitor and NPC have now is where their next change begins.
function story.weigh(visitor, npc)
	changes(visitor.name, goods_of(visitor))
	changes(npc.name, npc:get_goods())
end

function story.tell_goods(visitor, npc)
	local of_visitor = changes(visitor.name, goods_of(visitor))
	local of_npc = npc and changes(npc.name, npc:get_goods())
	if of_visitor or of_npc then
		story.effect("%s", table.concat({of_visitor or of_npc, of_visitor and of_npc or nil}, " · "))
	end
end

-- Talk ------------------------------------------------------------------------------------------------------------------

local function tell_answer(npc, reply, to)
	local text = reply.text ~= "" and reply.text or "…"
	tell("answer", {who = npc.name, to = to, text = text, how = cast.origin(reply), ms = math.floor(reply.ms)})
end

local function await_reply(npc, player, words, max_s)
	pending = {npc = npc, player = player, words = words}
	local awaited = pending
	return function() return story.wait(max_s, function() return awaited.reply end) end
end

-- The visitor says it aloud to an NPC, who answers. Returns the reply, or nil.
function story.ask(visitor, npc, words)
	story.wait(math.max(BEAT_S, BETWEEN_S - (now_s - last_said_s)))
	story.weigh(visitor, npc)
	tell("say", {who = visitor.name, to = npc.name, text = words})
	local answer = await_reply(npc, visitor.name, words, ANSWER_MAX_S)
	visitor:say(words)
	last_said_s = now_s
	local reply = answer()
	if reply then tell_answer(npc, reply) else story.note("no answer within %d s; the story goes on", ANSWER_MAX_S) end
	tell_effects()
	story.tell_goods(visitor, npc)
	return reply
end

-- Says it in one way, then in another, until it has the effect; if the model chooses otherwise both times, goes by the door that
-- the game has for it. Returns whether it has the effect now.
function story.insist(visitor, npc, ways, is_done, door)
	for _, words in ipairs(ways) do
		story.ask(visitor, npc, words)
		if story.wait(EFFECT_MAX_S, is_done) then
			story.tell_goods(visitor, npc)
			return true
		end
	end
	story.note("The model did not choose it, so %s", door.words)
	door.open()
	local is_there = story.wait(EFFECT_MAX_S, is_done)
	story.tell_goods(visitor, npc)
	return is_there
end

-- Two NPCs, so many lines: the first has something on its mind that nobody hears.
function story.talk_among(first, second, thought, lines)
	local speaker, listener, heard = first, second, thought
	for _ = 1, lines do
		local reply
		speaker:converse({player = listener.name, utterance = heard, remember = false, priority = "spoken"}, function(answer)
			reply = answer
		end)
		if not story.wait(ANSWER_MAX_S, function() return reply end) then return story.note("%s is silent", speaker.name) end
		tell_answer(speaker, reply, listener.name)
		if reply.fallback then return end
		speaker, listener, heard = listener, speaker, reply.text
		story.wait(BEAT_S)
	end
end

-- Does something in the trade window (a function of trade_window), which is drawn anew some steps later. Returns what it returns.
function story.press(visitor, press, ...)
	local before = visitor.spec
	local done = press(visitor, ...)
	for _ = 1, DRAWN_STEPS_MAX do
		if not done or visitor.spec ~= before then break end
		story.wait(0)
	end
	return done
end

-- The visitor names a price in the trade window. Returns what one costs then.
function story.haggle(visitor, npc, coins)
	story.wait(BEAT_S)
	story.effect("%s types %d coins into the trade window and presses Haggle", visitor.name, coins)
	local answer = await_reply(npc, visitor.name, nil, WINDOW_MAX_S)
	story.press(visitor, trade_window.haggle, coins)
	local by_rule = trade_window.words(visitor)
	answer()
	story.wait(0) -- the window shows the words one step after
	local words = trade_window.words(visitor)
	tell("answer", {who = npc.name, text = words, how = words == by_rule and "rule" or "model", ms = 0})
	tell_effects()
	return trade_window.price(visitor)
end

-- What llm_agent tells ----------------------------------------------------------------------------------------------------

llm_agent.on("reply", function(npc, reply, opts)
	local is_it = pending and npc == pending.npc and opts.player == pending.player
		and (opts.utterance == pending.words or not pending.words)
	if is_it then pending.reply = reply end
end)

local hear_order -- fn(npc, name of the order)

-- fn(npc, name): an order in a fight that the model chose; nil: no more of them.
function story.hear_orders(fn) hear_order = fn end

local TOLD_BY_QUEST = {offer_quest = true, complete_quest = true} -- the event below says what came of them

llm_agent.on("action", function(npc, player_name, name, _, ok, message)
	if hear_order and ok and npc.combat then return hear_order(npc, name) end
	if not pending or npc ~= pending.npc or player_name ~= pending.player or ok and TOLD_BY_QUEST[name] then return end
	story.effect("%s chose %s%s", npc.name, name, message and ": " .. plain(message) or ok and "" or ", in vain")
end)

llm_agent.on("quest", function(_, _, quest, state)
	local reward = {}
	for item, count in pairs(quest.reward) do reward[#reward + 1] = ("%d %s"):format(count, item_words(item, count)) end
	story.effect("quest %s: bring %d %s to %s · reward %s%s", state, quest.count, item_words(quest.item, quest.count),
		quest.npc_name, table.concat(reward, ", "), state == "accepted" and ", which she sets apart" or "")
end)

-- The run -----------------------------------------------------------------------------------------------------------------

-- It will be told as soon as its stage is built.
function story.announce() tell("soon", {}) end

-- scenes: {title, play(story)} each. is_late(): whether the rest is left out. on_end(left_out): titles.
function story.begin(scenes, is_late, on_end)
	thread = coroutine.create(function()
		local left_out = {}
		for _, scene in ipairs(scenes) do
			if is_late() then
				left_out[#left_out + 1] = scene.title
			else
				tell("scene", {text = scene.title})
				scene.play(story)
			end
		end
		tell("end", {left_out = left_out[1] and left_out or nil})
		on_end()
	end)
end

function story.is_running() return thread ~= nil end

function story.step(dtime)
	now_s, left_s = now_s + dtime, left_s - dtime
	if not thread or wanted and left_s > 0 and not wanted() then return end
	local ok, problem = coroutine.resume(thread)
	if not ok then error("the story: " .. problem) end
	if coroutine.status(thread) == "dead" then thread = nil end
end

return story
