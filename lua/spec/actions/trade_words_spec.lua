-- actions/trade_words.lua: what is talk of trade, a price, a yes, in five languages.

local text = loadfile("mods/llm_agent/core/text.lua")()
local trade_words = loadfile("mods/llm_agent/actions/trade_words.lua")(text, loadfile("mods/llm_agent/core/phrases.lua")())

describe("words of trade", function()
	it("are heard in all five languages", function()
		for _, words in ipairs({
			"How much is the sword?", "What do you sell?", "I want to buy bread", "Will you buy my apples?", "Make me an offer", "Show me your wares",
			"Wie viel kostet das Schwert?", "Was verkaufst du?", "Ich möchte Brot kaufen", "Zeig mir deine Waren", "ICH ZAHLE DIR FÜNF MÜNZEN",
			"Combien coûte l’épée ?", "Que vends-tu ?", "Je voudrais acheter du pain", "C’est trop cher !", "Tu me fais un prix de gros ?",
			"¿Cuánto cuesta la espada?", "¿Qué vendes?", "Quiero comprar pan", "¿Qué precio tiene?", "Es demasiado caro",
			"Сколько стоит меч?", "Что ты продаёшь?", "Хочу купить хлеба", "Какая цена?", "Продай мне меч", "ПОЧЁМ ХЛЕБ?",
		}) do
			assert.is_true(trade_words.is_about_trade(words, false, false), words)
		end
	end)

	it("are not taken out of other talk", function()
		for _, words in ipairs({
			"Hello!", "I am done with the quest", "A great deal of rain today", "That is no ideal place", "Pay attention!", "How much do you know?",
			"What do you have to say?", "Do not stop", "The bishop has a workshop", "Offer her my greetings",
			"Wir waren gestern am Fluss", "Wie viel Uhr ist es?", "Kannst du meine Wunde behandeln?", "Wie viel weißt du davon?",
			"Je viens vendredi", "Combien de temps faut-il ?", "Mon cher ami !", "Où est le marchand ?", "Dans quelle pièce dors-tu ?",
			"No te comprendo", "¿Cuánto tiempo hace?", "Vendrá mañana", "Sube la cuesta arriba conmigo",
			"Где стоит мельница?", "Сколько тебе лет?", "Как пройти в центр?", "Пойдём купаться", "Дорога к мельнице длинная",
		}) do
			assert.is_falsy(trade_words.is_about_trade(words, false, false), words)
		end
	end)

	it("are a thing's name where it is asked for, and an answer where a price is on the table", function()
		for _, words in ipairs({"Three apples please", "The steel sword?", "I need 2 apples", "Hast du Äpfel?", "Dame tres manzanas"}) do
			assert.is_truthy(trade_words.is_about_trade(words, true, false), words)
		end
		for _, words in ipairs({
			"mend my pickaxe please", "can you repair my sword", "Bitte reparier mein Schwert", "répare mon épée s'il te plaît",
			"repara mi espada por favor", "почини мой меч пожалуйста",
		}) do
			assert.is_falsy(trade_words.is_about_trade(words, true, false), words)
			assert.is_falsy(trade_words.asks_for_goods(words), words)
		end
		assert.is_falsy(trade_words.is_about_trade("The apple tree behind the house is old", true, false))
		for _, words in ipairs({"Too much!", "7?", "Deal!", "Zu viel!", "Trop cher", "Demasiado", "Слишком много", "По рукам!"}) do
			assert.is_truthy(trade_words.is_about_trade(words, false, true), words)
		end
		assert.is_falsy(trade_words.is_about_trade("Where is the mill?", false, true))
	end)

	it("name a price, for each or for all", function()
		for words, expected in pairs({
			["I give you 7 coins"] = {7}, ["7 coins for 3 apples"] = {7, 3}, ["3 apples for 2 coins each"] = {2, 3, true}, ["I pay 7."] = {7},
			["How about 12?"] = {12}, ["Ich zahle 7"] = {7}, ["Ich gebe dir 7 Münzen für 3 Äpfel"] = {7, 3}, ["2 Münzen pro Stück"] = {2, nil, true},
			["Je t’en donne 7"] = {7}, ["7 pièces pour 3 pommes"] = {7, 3}, ["Te doy 7 monedas"] = {7}, ["2 monedas cada una"] = {2, nil, true},
			["Дам 7 монет"] = {7}, ["Плачу 7"] = {7}, ["2 монеты за штуку"] = {2, nil, true},
		}) do
			local bid = trade_words.bid(words, false) or {}
			assert.same({expected[1], expected[2], expected[3] or false}, {bid.coins, bid.count, bid.is_each or false}, words)
		end
		for _, words in ipairs({
			"How much for 3 apples?", "3 apples please", "I saw 3 wolves", "Wie viel für 3 Äpfel?", "Combien pour 3 pommes ?", "7", "Сколько за 3 яблока?",
			"0 coins", "99999999999 coins",
		}) do
			assert.is_nil(trade_words.bid(words, false), words)
		end
		assert.equal(7, trade_words.bid("7?", true).coins)
	end)

	it("agree, unless a no stands beside", function()
		for _, words in ipairs({"Deal!", "Agreed.", "I'll take it", "Abgemacht!", "D’accord", "Trato hecho", "По рукам", "Договорились!"}) do
			assert.is_true(trade_words.agrees(words, false), words)
		end
		for _, words in ipairs({"No deal!", "Not agreed", "Nicht einverstanden", "Yes", "The deal of my life was with an old man"}) do
			assert.is_false(trade_words.agrees(words, false), words)
		end
		assert.is_true(trade_words.agrees("Yes", true))
	end)
end)
