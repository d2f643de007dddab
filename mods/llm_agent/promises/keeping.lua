-- How promises are kept: who promised sets out in time, waits at the place, greets who comes, and goes when nobody came.
-- Where it could not come itself it says so at the next meeting, and where the other did not, that. One promise is looked at at a
-- time. Costs no call to the model.

local S, now_us, geometry, npcs, translate, language, memory, history, movement, reputation, happenings, promises = ...

local keeping = {}

local LOOK_EVERY_US = 0.25e6 -- one promise; all of them within some seconds
local AGAIN_US = 8e6 -- after a walk that failed
local PACE = 1.4 -- nodes a second, as the crow flies: it walks 2, and not straight
local EARLY_S = 15 -- it would rather be there before
local THERE, GREETING = 3, 8 -- nodes: at the place; near enough to be greeted
local TOLD_DAYS = 3 -- of the game; later nobody speaks of it any more
local KEPT, BROKEN = 0.05, -0.05 -- what it changes between the two

local walking = {} -- promise → true while its NPC is on the way
local again_us = {} -- promise → when it is tried again
local next_look_us, cursor = 0, 0

local function tell(npc, player_name, sentence)
	local line = translate.into(language.between(npc, player_name), sentence)
	history.add(player_name, npc, npc.name, line)
	npc:say(line, {to = player_name, priority = "spoken"})
end

local function player_near(npc, player_name)
	local player, pos = core.get_player_by_name(player_name), npc:get_pos()
	return player ~= nil and pos ~= nil and geometry.in_range(player:get_pos(), pos, GREETING)
end

local function where(promise) return promise.place and " at " .. promise.place or "" end

local function let_go(npc)
	local order = movement.current(npc)
	if order and order.kind == "stay" then movement.clear(npc) end
end

-- Both are there.
local function keep(promise, npc)
	let_go(npc)
	tell(npc, promise.player, S("There you are, @1, as agreed.", promise.player))
	reputation.change(npc.id, promise.player, KEPT)
	memory.remember(npc, promise.player, ("%s came to meet me%s as agreed"):format(promise.player, where(promise)))
	promises.remove(promise)
end

-- The time is over. Of what nobody heard now it speaks at the next meeting.
local function miss(promise, npc)
	promise.state = "missed"
	if promise.came and npc then
		let_go(npc)
		tell(npc, promise.player, S("@1 has not come. I have waited long enough.", promise.player))
		reputation.change(npc.id, promise.player, BROKEN)
		memory.remember(npc, promise.player, ("%s did not come to meet me%s"):format(promise.player, where(promise)))
		happenings.report(promise, {kind = "broken", who = promise.player, whom = npc.name, npc = npc.id})
	end
	promises.save()
end

local function arrive(promise, npc)
	promise.state, promise.came = "waiting", true
	movement.order(npc, {kind = "stay"})
	promises.save()
end

local function set_out(promise, npc, distance)
	walking[promise] = true
	movement.order(npc, {
		kind = "go_to", pos = {x = promise.x, y = promise.y, z = promise.z}, distance = THERE - 1, hurry = true,
		timeout_s = 2 * distance / PACE + 60,
		done = function(ok)
			walking[promise] = nil
			local current = npcs.get(promise.npc)
			if ok and current and promise.state == "made" then return arrive(promise, current) end
			again_us[promise] = now_us() + AGAIN_US
		end,
	})
end

local look = {}

function look.made(promise, npc, now)
	if promises.now() > promise.due + promises.wait_days() then return miss(promise, npc) end
	local pos = npc and movement.can(npc) and not npc.combat and npc:get_pos()
	if not pos or walking[promise] or (again_us[promise] or 0) > now then return end
	local distance = geometry.distance(pos, promise)
	if promises.seconds_until(promise.due) > distance / PACE + EARLY_S then return end
	if promises.is_there(promise, pos, THERE) then return arrive(promise, npc) end
	set_out(promise, npc, distance)
end

function look.waiting(promise, npc)
	if npc and player_near(npc, promise.player) then return keep(promise, npc) end
	if promises.now() > promise.due + promises.wait_days() then return miss(promise, npc) end
	local order = npc and movement.current(npc)
	if npc and movement.can(npc) and not order then promise.state = "made" end -- something sent it away: it comes back
end

function look.missed(promise, npc)
	if promises.now() > promise.due + TOLD_DAYS then return promises.remove(promise) end
	if not npc or not player_near(npc, promise.player) then return end
	if promise.came then
		tell(npc, promise.player, promise.place and S("I waited for you at @1. You did not come.", promise.place)
			or S("I waited for you. You did not come."))
	else
		tell(npc, promise.player, promise.place and S("Forgive me, I could not come to @1 as I promised.", promise.place)
			or S("Forgive me, I could not come as I promised."))
	end
	promises.remove(promise)
end

function keeping.step(now)
	if now < next_look_us then return end
	next_look_us = now + LOOK_EVERY_US
	local list = promises.list()
	if not list[1] then return end
	cursor = cursor % #list + 1
	local promise = list[cursor]
	look[promise.state](promise, npcs.get(promise.npc), now)
end

return keeping
