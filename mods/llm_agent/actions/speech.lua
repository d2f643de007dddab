-- Says which lines go with which action, and which words of a model belong to it (think/wording.lua asks). An NPC says aloud,
-- too, when what it set out to do fails on the way (speech.fail). Trade has words of its own.

local text, npcs, actions, language, name_calls, claims, lines, action_lines, spoken, items = ...

local speech = {}

local COUNTED = 3 -- where nobody says how far, as gestures/named.lua has it

-- Parts of folded lines (claims.fold), in the languages of the mod: one of them shows that a line speaks of this deed.
local SPEAKS_OF = {
	follow = {
		"follow", " come", "coming", "behind you", "with you", "lead ", "heels", "after you", "along", "side by side", "folge", "folg ",
		"komme", "mit dir", "mit euch", "hinter dir", "geh voran", "suis", "viens", "avec toi", "avec vous", "derrière", "sigo", "voy ",
		"contigo", "con usted", "detrás", "acompaño", "иду", "пойду", "с тобой", "с вами", "за тобой", "следую", "веди",
	},
	stay = {
		"stay", "wait", "remain", "here", "stand", "still", "not move", "spot", "bleib", "warte", "hier", "reste", "attend", "ici",
		"quedo", "espero", "aquí", "останусь", "остаюсь", "жду", "подожду", "здесь", "тут",
	},
	go_to = {
		" go ", " going", "on my way", " off ", " walk", " way", " head", " coming", "come ", "there", "gehe", "geh ", " weg", "laufe",
		"komme", "unterwegs", "vais", "pars", "route", "chemin", "arrive", "voy", "camino", "marcho", "иду", "пойду", "отправля",
		"бегу", "скоро буду", "дорог",
	},
	flee = {
		"run", "flee", "away", "out of here", "help", "escape", "weg", "lauf", "flieh", "hilfe", "fuis", "sauve", "cours", "secours",
		"huyo", "corre", "socorro", "бегу", "беги", "спас", "прочь",
	},
	open_door = {
		"door", "open", "after you", "come in", "enter", "tür", "öffne", "auf ", "herein", "porte", "ouvre", "entre", "puerta", "abro",
		"abiert", "pasa", "дверь", "открыва", "открою", "открыт", "войд", "вход",
	},
	give_item = {
		"here", "take", "for you", "gift", "yours", "give", "have this", "nimm", "für dich", "geschenk", "gebe", "tiens", "prends",
		"pour toi", "cadeau", "donne", "toma", "para ti", "regalo", "doy", "держи", "возьми", "тебе", "подар", "бери",
	},
	take_item = {
		"thank", "kind", "for me", "take", "gift", "generous", "dank", "für mich", "nehme", "geschenk", "merci", "pour moi", "gentil",
		"gracias", "para mí", "amable", "спасибо", "благодар", "мне", "беру",
	},
	guard = {
		"guard", "protect", "watch", "by you", "by your", "with you", "safe", "shield", "cover", "beschütz", "wache", "schütz",
		"bei dir", "protège", "garde", "veille", "protejo", "cuido", "vigilo", "guardia", "охраня", "защи", "стерег", "рядом",
	},
	attack = {
		"attack", "fight", "at it", "charge", "strike", "kill", "mine", "stand back", "arms", "take care of", "deal with", "die",
		"blade", "sword", "angriff", "greife", "kämpf", "drauf", "waffen", "attaque", "combat", "frappe", "à moi", "ataco", "lucho",
		"armas", "golpe", "атак", "бой", "бью", "драт", "в бою", "мой",
	},
}

-- A head that is shaken says no.
local AGREES = {
	" yes ", " aye ", " of course ", " gladly ", " indeed ", " ja ", " gern ", " gerne ", " natürlich ", " oui ", " bien sûr ",
	" volontiers ", " sí ", " claro ", " да ", " конечно ", " с радостью ",
}

-- Gestures that some words belie: what a line with them must not be. utterance: folded, what the player said.
local BELIED_BY = {
	wave = function(line, utterance) return claims.takes_leave(line) and not claims.takes_leave(utterance) end,
	beckon = function(line) return claims.takes_leave(line) or claims.refuses(line) end,
	nod = claims.refuses,
	shake = function(line) return text.holds_any(line, AGREES) end,
	bow = claims.refuses,
	dance = claims.refuses,
}

-- A line with a word of the deed, which does not refuse it in the same breath.
local function speaks_of(name)
	return function(folded) return text.holds_any(folded, SPEAKS_OF[name]) and not claims.refuses(folded) end
end

-- "I cannot dance", said to who asked for it, while dancing.
local function fits_gesture(folded, params, utterance)
	local is_belied = BELIED_BY[params.kind]
	if is_belied and is_belied(folded, utterance) then return false end
	return not (claims.refuses(folded) and utterance:find(" " .. params.kind, 1, true))
end

-- As many numbers as it has strokes: fingers it has none.
local function counted(params)
	local numbers = {}
	for number = 1, params.number or COUNTED do numbers[number] = number end
	return table.concat(numbers, ", ")
end

local function is_home(params) return params.place == "home" end

local function goods_of(_, params, code)
	local item = items.find(params.item)
	return {goods = item and spoken.item(params.count, item, code) or params.item}
end

local SPEECH = {
	follow = {
		done = function(_, player_name, params)
			return params.target == player_name and action_lines.follow or action_lines.follow_other
		end,
		failed = action_lines.follow_failed,
	},
	stay = {done = action_lines.stay, failed = action_lines.stay_failed},
	go_to = {
		done = function(_, player_name, params)
			if params.place == player_name then return action_lines.come_here end
			return is_home(params) and action_lines.go_home or action_lines.go_to
		end,
		failed = function(_, _, params) return is_home(params) and action_lines.go_home_failed or action_lines.go_to_failed end,
	},
	flee = {done = action_lines.flee, failed = action_lines.flee_failed},
	open_door = {
		done = function(npc) return npc.movement and action_lines.open_door_going or action_lines.open_door end,
		failed = function(_, _, _, why) return action_lines["open_door_" .. (why or "failed")] or action_lines.open_door_failed end,
	},
	emote = {
		done = function(_, _, params) return params.at and action_lines.point_at or action_lines[params.kind] end,
		failed = action_lines.emote_failed, belongs = fits_gesture, values = function(_, params) return {numbers = counted(params)} end,
	},
	gesture = {
		done = action_lines.gesture, failed = action_lines.emote_failed,
		belongs = function(folded) return not claims.refuses(folded) end,
	},
	give_item = {
		done = action_lines.give_item, values = goods_of,
		failed = function(_, _, _, why) return action_lines["give_item_" .. (why or "failed")] or action_lines.give_item_failed end,
	},
	take_item = {done = action_lines.take_item, failed = action_lines.take_item_failed, values = goods_of},
	guard = {done = action_lines.guard, failed = action_lines.fight_failed},
	attack = {done = action_lines.attack, failed = action_lines.fight_failed},
}
for name, def in pairs(SPEECH) do
	def.belongs = def.belongs or speaks_of(name)
	actions.speak(name, def)
end

-- An order has failed in another step: the NPC says so. list: a name in lines.lua; values: for the placeholders.
function speech.fail(npc_id, player_name, list, values)
	local npc = npcs.by_id[npc_id]
	if not npc or not player_name or not core.get_player_by_name(player_name) then return end
	local code = language.between(npc, player_name)
	values.player = player_name
	local line = lines.pick(action_lines[list], npc, code, values, math.random)
	npc:say(name_calls.line(npc, lines.join(line), player_name), {to = player_name, lang = code})
end

return speech
