-- Words and phrases that the mod looks for in what players say, in the languages it speaks (English, German, French, Spanish,
-- Russian). Data only. A new language: add its words to every list here, and to LANGUAGES in tools/mod_locale.py.
-- How a list is matched stands above each group; the sentence is in small letters for all but the first.

local phrases = {}

-- Whole words, in any case (text.names_any) ------------------------------------------------------------------------------

-- Everybody in earshot is meant.
phrases.everybody = {"everyone", "everybody", "folks", "alle", "leute", "tous", "todos", "все"}

-- A yes to an offer, unless a no stands beside it.
phrases.yes = {
	"yes", "sure", "okay", "ok", "deal", "gladly", "ja", "gerne", "oui", "volontiers", "sí", "si", "vale", "да", "хорошо",
}

-- A no: one anywhere counts first.
phrases.no = {"no", "not", "never", "nein", "nicht", "non", "pas", "nunca", "нет", "не"}

-- The player asks for work.
phrases.work = {
	"work", "job", "jobs", "quest", "quests", "task", "tasks", "errand", "mission", "help", "need", "earn",
	"arbeit", "aufgabe", "helfen", "brauchst", "travail", "quête", "aider", "besoin",
	"trabajo", "misión", "ayudar", "necesitas", "работа", "задание", "помочь", "нужно",
}

-- The player says that something is done.
phrases.done = {
	"done", "finished", "brought", "reward", "fertig", "erledigt", "gebracht", "lohn", "fini", "terminé", "apporté", "récompense",
	"hecho", "terminado", "traje", "recompensa", "готово", "сделано", "принёс", "принесла", "награда",
}

-- Parts of a sentence, inside words too; Cyrillic as it is written (text.holds_any) --------------------------------------

-- The talk is about trade.
phrases.trade = {
	"buy", "sell", "price", "cost", "coins for", "how much", "pay", "trade", "shop", "goods", "wares", "stock", "for sale", "cheap",
	"expensive", "discount", "deal", "offer", "barter", "swap", "what do you have", "afford", "purse", "would you take",
	"kauf", "preis", "kostet", "münze", "handel", "angebot", "wie viel", "acheter", "vend", "prix", "combien", "pièce",
	"comprar", "precio", "cuánto", "cuanto", "moneda", "comercio", "куп", "прода", "цен", "сколько", "стоит", "монет", "торг",
}

-- The player wants to sell …
phrases.sell = {
	"sell you", "sell my", "sell this", "sell these", "to sell", "i sell", "i'm selling", "im selling", "i am selling", "buy my",
	"buy this", "buy these", "buy it from me", "buy from me", "will you buy", "would you buy", "do you buy", "you want to buy",
	"give me for", "pay me for", "pay for my", "verkaufe", "verkaufen", "je vends", "te vendre", "vous vendre", "vendo",
	"venderte", "продаю", "продам", "купишь",
}

-- … unless they ask what there is to buy.
phrases.asks_for_goods = {"do you have to sell", "have you to sell", "you got to sell", "anything to sell", "something to sell"}

-- They ask what there is, not for a certain thing.
phrases.any_goods = {
	"what do you", "what have you", "what can i", "something", "anything", "wares", "goods", "for sale", "stock", "shop", "show me",
	"cheap", "trade", "handel", "waren", "was verkauf", "was hast", "etwas", "que vend", "quelque chose", "qué vend", "algo",
	"mercan", "товар", "что", "торг",
}

-- They ask for a certain thing, whatever it is.
phrases.one_thing = {
	"buy", "sell me", "how much", "price of", "cost", "do you have", "have you got", "i need", "i want a", "i would like",
	"i'd like",
}

-- Lua patterns (text.matches_any) ----------------------------------------------------------------------------------------

-- No gift, whatever else is said: a no, a question, a condition.
phrases.no_gift = {
	"%f[%w]not%f[%W]", "n't%f[%W]", "%f[%w]never%f[%W]", "%f[%w]no%f[%W]", "%f[%w]me%f[%W]", "%f[%w][cm]a[ny] i%f[%W]",
	"%f[%w]could i%f[%W]", "%f[%w]shall i%f[%W]", "%f[%w]if%f[%W]", "%f[%w]do you%f[%W]", "%f[%w]would%f[%W]",
	"%f[%w]will you%f[%W]",
	"%f[%w]nicht%f[%W]", "%f[%w]kein", "%f[%w]nie%f[%W]", "%f[%w]wenn%f[%W]", "%f[%w]nunca%f[%W]", "%f[%w]si%f[%W]",
	"%f[%w]pas%f[%W]", "%f[%w]jamais%f[%W]", "не ", "Не ", "икогда", "сли ", -- some without a first letter of either case
}

-- A gift, however the thing is called.
phrases.gift = {
	"%f[%w]take this%f[%W]", "%f[%w]take these%f[%W]", "%f[%w]take them%f[%W]", "%f[%w]take it%f[%W]", "%f[%w]take that%f[%W]",
	"%f[%w]take my%f[%W]", "%f[%w]take one%f[%W]", "%f[%w]keep it%f[%W]", "%f[%w]keep them%f[%W]", "%f[%w]have this%f[%W]",
	"%f[%w]have these%f[%W]", "%f[%w]here you are", "%f[%w]here you go", "%f[%w]i give you%f[%W]", "i'll give you",
	"i will give you", "this is for you", "these are for you", "it's for you", "it is for you", "is a gift", "is a present",
	"nimm das", "nimm dies", "nimm es", "nimm sie", "nimm ihn", "nimm mein", "hier hast du", "ist für dich", "sind für dich",
	"ich gebe dir", "gebe ich dir", "ich schenke dir", "schenke ich dir",
	"toma esto", "toma est[ae]", "tómal[oa]", "tomal[oa]", "aquí tienes", "es para ti", "son para ti", "te doy", "te regalo",
	"prends ce", "prends ça", "prends%-l", "prenez ce", "prenez ça", "prenez%-l", "est pour toi", "sont pour toi",
	"est pour vous", "sont pour vous", "je te donne", "je vous donne", "je t'offre", "je vous offre",
	"озьми", "ержи", "то тебе", "то вам", "арю тебе", "арю вам", "тдаю тебе", "тдаю вам",
}

-- A gift where the thing is named too.
phrases.gift_of_named = {
	"%f[%w]take%f[%W]", "for you%f[%W]", "%f[%w]here is%f[%W]", "%f[%w]here are%f[%W]", "%f[%w]here's%f[%W]",
	"you can have", "you may have", "please have", "brought you", "%f[%w]a gift", "%f[%w]a present",
}

-- Number words → number --------------------------------------------------------------------------------------------------

-- The first of them in a sentence says how many.
phrases.numbers = {
	one = 1, an = 1, a = 1, two = 2, three = 3, four = 4, five = 5, six = 6, seven = 7, eight = 8, nine = 9, ten = 10,
	eleven = 11, twelve = 12,
}

return phrases
