-- What a line of an NPC claims, told by its words, in the languages of the mod: that it refuses, takes leave, speaks of pay or
-- of a task, names a number. Models of any kind write these lines, so the lists are broad; a line that is taken for a claim by
-- mistake only gives its place to one that the mod knows to be true. Pure.

local text = ...

local claims = {}

-- Parts of a folded line (claims.fold): one with a blank on each side is a whole word.
local REFUSES = {
	"cannot", "can't", " can not ", "won't", " will not ", " would not ", "wouldn't", "refuse", " no time ", " not now ",
	"would never", " i never ", "don't want", " do not want ", " must not ", "i'd rather not", " sorry", "leave me", "unable",
	" nope ", " no way ", " kann nicht", "kann dir nicht", "kann hier nicht", "kann das nicht", " will nicht", "werde nicht",
	" nein ", "niemals", "keine zeit", "darf nicht", "tut mir leid", "ne peux pas", " peux pas ", "ne veux pas", "ne vais pas",
	"pas le temps", "désolé", "no puedo", "no quiero", "no voy", "lo siento", "no tengo tiempo", "не могу", "не буду",
	"не хочу", "не пойду", "нет времени", "прости", "извини", "нельзя",
}
local TAKES_LEAVE = {
	"farewell", "goodbye", "good bye", " bye ", "see you", "so long", "take care", "safe travels", "leb wohl", "lebe wohl",
	"auf wiedersehen", "tschüss", "bis bald", "adieu", "au revoir", "à bientôt", "adiós", "hasta luego", "hasta pronto",
	"прощай",
	"до свидания", "до встречи", " пока ",
}
local MONEY = {
	" coin ", " coins ", "reward", " pay ", " paid ", "payment", " gold ", " earn", "münze", "belohn", " lohn ", "bezahl",
	"zahle",
	" pièce ", " pièces ", "récompense", " paie ", " payer", "moneda", "recompensa", " pago ", " pagar", "монет",
	"наград", "заплач",
	"оплат",
}
local TASK = {
	"bring", "fetch", " find me ", " get me ", "gather", "collect", "deliver", " carry ", "defeat", " slay", " kill",
	" hunt ", "quest",
	" errand", " task ", " job ", "your reward", "your pay", " promised", "you brought", "you found", " i need ", " yours ",
	"sammle",
	"hol mir", "besorg", "töte", "besiege", "auftrag", "aufgabe", "versprochen", "ich brauche", "apporte", "rapporte",
	"trouve-moi",
	"livre", "quête", "mission", "promis", "j'ai besoin", "trae", "consigue", "busca", "entrega", "misión", "encargo", "prometi",
	"necesito", "принеси", "найди", "достань", "убей", "отнеси", "задани",
	"поручени", "обеща", "мне нужн",
}
-- Of a promise between the two, whatever it was.
local PROMISE = {
	" promised", " have not forgotten", " haven't forgotten", "versprochen", "nicht vergessen", "promis ", "pas oublié", "prometi",
	"no he olvidado", "no lo he olvidado", "обеща", "не забыл",
}
-- A line that may stand beside a bargain must not hold one of these: it would be heard as a part of it.
local DENIES = {
	" no ", " not ", " none ", " nothing ", "n't ", " nobody ", " nicht ", " kein", " nichts ", " ne ", " pas ", " rien ",
	" aucun",
	" nada ", " ningun", " sin ", " не ", " нет ", " ничего ", " без ",
}
local NUMBERS = {
	two = 2, three = 3, four = 4, five = 5, six = 6, seven = 7, eight = 8, nine = 9, ten = 10, eleven = 11, twelve = 12, dozen = 12,
	hundred = 100, zwei = 2, drei = 3, vier = 4, ["fünf"] = 5, sechs = 6, sieben = 7, acht = 8, neun = 9, zehn = 10, elf = 11,
	["zwölf"] = 12, dutzend = 12, hundert = 100, deux = 2, trois = 3, quatre = 4, cinq = 5, sept = 7, huit = 8, neuf = 9,
	dix = 10,
	onze = 11, douze = 12, douzaine = 12, cent = 100, dos = 2, tres = 3, cuatro = 4, cinco = 5, seis = 6, siete = 7, ocho = 8,
	nueve = 9, diez = 10, once = 11, doce = 12, docena = 12, cien = 100, ["два"] = 2, ["две"] = 2, ["три"] = 3,
	["четыре"] = 4,
	["пять"] = 5, ["шесть"] = 6, ["семь"] = 7, ["восемь"] = 8, ["девять"] = 9, ["десять"] = 10,
	["сто"] = 100,
}

-- Of more than one byte, so that no class of characters holds them; the last is a blank that does not break.
local MARKS = {"¡", "¿", "«", "»", "„", "“", "”", "…", "—", "–", "\194\160"}

-- In small letters, marks as blanks, a blank at each end.
function claims.fold(line)
	line = text.lower(line):gsub("’", "'")
	for _, mark in ipairs(MARKS) do line = line:gsub(mark, " ") end
	return " " .. line:gsub("[^%w'\128-\255%-]+", " ") .. " "
end

local function holds(list) return function(folded) return text.holds_any(folded, list) end end

-- Sayings with a no in them that refuse nothing.
local NO_REFUSALS = {
	" can't miss ", " cannot miss ", " can't go wrong", " cannot go wrong", " won't regret ", " will not regret ",
}

function claims.refuses(folded)
	for _, saying in ipairs(NO_REFUSALS) do folded = folded:gsub(saying, " ") end
	return text.holds_any(folded, REFUSES)
end

claims.takes_leave = holds(TAKES_LEAVE)
claims.speaks_of_pay = holds(MONEY)
claims.speaks_of_a_task = holds(TASK)
claims.speaks_of_a_promise = holds(PROMISE)
claims.denies = holds(DENIES)

-- All numbers in it, in digits or words.
function claims.numbers(folded)
	local found = {}
	for word in folded:gmatch("[%w\128-\255]+") do
		local n = tonumber(word:match("^%d+$") or word:match("^(%d+)%a*$")) or NUMBERS[word]
		if n then found[#found + 1] = n end
	end
	return found
end

-- Its sentences, the last one whether or not it ends.
function claims.sentences(line)
	local found = {}
	for sentence in line:gmatch("[^%.!%?]+[%.!%?]*['\")]*") do
		sentence = sentence:match("^%s*(.-)%s*$")
		if sentence ~= "" then found[#found + 1] = sentence end
	end
	return found
end

return claims
