-- Small words that tell whether a name in a sentence calls somebody or is only spoken of (calling.lua), in the five languages of
-- the mod. Data only: small letters without accents. A word may stand in one list for the sake of one language only: what it
-- means in another has been weighed. A new language: add its words to every list.

local function set(words)
	local found = {}
	for word in words:gmatch("%S+") do found[word] = true end
	return found
end

return {
	-- Join names to a list: "Ann and Hugo".
	AND = set "and & + or und oder et ou y e o и или",

	-- Before a name they make it no call's less a call: greetings, thanks, a yes, a please.
	ATTENTION = set [[
		done right eh huh great nice wow oi look alright cool fine
		sup hello hi hey hiya yo hallo good morning day evening night
		afternoon greetings welcome thanks thank you thx ty many very much
		bye goodbye farewell sorry please ok okay yes no sure well so oh
		ah now listen look dear my friend old and but then excuse me
		pardon how are two both all
		guten gute guter morgen tag abend nacht servus moin gruss grusse
		dich gott danke schon sehr vielen dank bitte ja nein tschuss
		lebe wohl entschuldigung also nun horst hor mal du ihr mein meine lieber liebe freund wie gehts und
		bonjour bonsoir bonne nuit journee salut coucou merci beaucoup bien oui
		non ecoute ecoutez pardon s il te vous plait mon ma
		cher chere ami alors au revoir adieu comment ca va et toi
		hola buenos buenas dias tardes noches gracias muchas por favor
		si no vale oye oiga oigan escucha escuchad adios hasta luego
		perdon mi querido querida amigo amiga que tal como estas esta pues y tu
		привет здравствуй здравствуйте здорово добрый доброе доброй день
		вечер утро ночи спасибо большое пожалуйста да нет ладно
		слушай слушайте эй ну пока прощай прощайте извини извините дорогой дорогая мой моя друг как дела а и ты вы
	]],

	-- After a name that closes a sentence they change nothing: "attack Rolf now".
	TRAILING = set [[
		now please today again then too quickly fast jetzt bitte
		heute schnell sofort wieder maintenant vite encore ahora hoy ya rapido
		сейчас теперь сегодня пожалуйста быстро снова
	]],

	-- Right before a name they make it an object, wherever it stands: prepositions, articles, forms of "to be", "than".
	OBJECT = set [[
		to at about from with of for by near against behind
		before after without than into onto under over around between toward
		towards beside instead on in is was were are am be a an the this that these those as not only called named s
		zu zum zur von vom mit bei beim uber fur gegen auf nach vor
		hinter neben ohne um wegen als ist war sind waren der die das den dem
		des ein eine einen einem heisst nicht nur unter zwischen
		a au aux de d des l le la les un une chez avec
		pour contre sur vers par sans devant derriere pres que qu est etait sont appelle
		entre sauf vende vive viene habla esta al del el los las
		una con para sobre hacia tras desde hasta es era son llama llamas
		к ко с со о об обо про от для на у за под над перед без из через при кроме против около возле это зовут мимо
		где кто кого кому куда такой такая продает
	]],

	-- Verbs that want an object, in the forms in which one orders and asks: "do you know Bram", "have you seen hugo".
	VERBS = set [[
		attacking killing following hitting helping guarding chasing bothering
		attack kill fight hit strike beat hurt punch chase hunt follow help
		guard protect defend save know knows knew see seen saw meet met
		find found ask asked tell told call bring fetch take get give
		show visit like love hate trust fear want need miss watch heal
		greet thank escort warn marry remember forget leave join face avoid choose push describe hear heard marry seek
		kennst kennt kenne kennen siehst seht gesehen triffst getroffen folge
		folg folgt hilf helft frag frage fragt sag sagt greif greift
		totet tote besuch besuche beschutz beschutze bewach bewache magst mag
		liebst hol hole bring bringt such suche suchst rette rufe ruf
		connais connait connaissez connaitre vois voit voyez vu vue
		voir aime aimes aimez suis suivez aide aidez attaque attaquez
		tue tuez frappe frappez protege protegez defends trouve trouvez cherche cherchez appelle rencontre rencontrer
		conoces conoce visto ves ataca atacad mata matad golpea golpead
		sigue seguid protege ayuda busca buscad encuentra quieres quiere odias
		атакуй атакуйте бей бейте ударь ударьте убей убейте защити защитите охраняй найди найдите позови спроси спросите
		знаешь знаете видел видела видели видишь
	]],

	-- Before a verb they are what it is about: "what do you want mimi".
	WHAT = set "what whats wat how hows was que qu quoi qué что чего как",

	-- Subjects that stand between such a verb and its object where one asks: "kennst du Bram".
	SUBJECT = set [[
		i you he she it we they there this that ich du er sie es wir
		ihr das je j tu il elle nous vous ils elles ce on yo usted el ella
		nosotros vosotros ellos я ты он она мы вы они
	]],

	-- Right before a name at the end of a sentence, what was said is complete without it: "follow me ida", "komm mit mir bram".
	COMPLETE = set [[
		me us you it here there now please today up home down him
		them wait stay come listen run go stop sit away back again too fast
		mir mich dir dich uns euch hier her mit du ihr
		warte wartet komm kommt bleib bleibt lauf halt heute jetzt hin dazu
		moi toi nous vous ici la ca tu viens venez attends attendez reste restez ecoute maintenant
		te ti mi conmigo aqui aca ahi ven venid espera esperad quedate tu vosotros hoy ahora
		мне меня мной мною нам нас нами тебе тебя тобой вам вас
		сюда здесь тут там дела ты вы подожди подождите стой стойте жди ждите
		домой сейчас
	]],

	-- Endings of Spanish orders with the speaker in them: "sigueme", "ayudanos".
	COMPLETE_ENDINGS = {"me$", "nos$"},

	-- Right after a name that opens a sentence they make it the subject: "Bram says you bake well".
	THIRD_PERSON = set [[
		is was has had are were says said told thinks wants wanted
		knows knew likes loves hates lives lived went came comes goes gave gives
		sells sold makes made needs needed does did will would can could
		must should may might isn wasn hasn doesn didn won and's seems looks
		ist war hat hatte sind waren sagt sagte meint will wollte
		kennt mag liebt hasst lebt wohnt ging kam kommt geht gab verkauft
		macht braucht kann konnte muss soll sollte wird wurde tut
		est etait sont a avait ont dit disait pense veut
		voulait connait aime deteste vit habite alla vient vend fait faisait
		peut pouvait doit sera semble
		es era son fue esta estaba ha habia han dice dijo
		piensa quiere queria conoce ama odia vive vino viene hace hizo necesita
		puede podia debe sera parece
		говорит говорят сказал сказала сказали думает хочет хотел хотела
		знает любит живет жил жила пошел пошла пришел пришла ушел
		ушла был была были есть дал дала продает сделал сделала может мог могла должен должна это такой такая
	]],

	-- The same after several names, where one form is no order: "anna und hugo kommt mit" is, "Bram kommt mit" is none.
	THEY = set [[
		are were had said told knew went came gave made lived wanted
		did do will would can could must should may might don didn
		sind waren haben hatten sagen sagten wollen wollten kennen
		leben wohnen gingen kamen kommen gehen konnen konnten mussen sollen
		sont etaient ont avaient disent veulent pensent vivent habitent viennent vont peuvent doivent
		son eran estan estaban han habian dicen dijeron quieren viven vienen pueden deben
		говорят сказали думают хотят хотели знают живут жили пошли пришли ушли были продают могут должны это
	]],

	-- Of those above, what opens a question to whoever is called where a subject follows: "ida are you there".
	ASKING = set [[
		is was are were has did does will would can could must should may might
		ist war hat sind will wollte kann konnte muss soll sollte wird es era puede
	]],

	-- Words of a name by which nobody is called alone: "Old Marta" is Marta.
	TITLES = set [[
		old young the big little sir lady lord mother father
		brother sister uncle aunt grandma grandpa captain master mistress doctor
		king queen mr mrs miss saint of
		alt alte alter jung junge junger der die das herr
		frau mutter vater bruder schwester onkel tante oma opa kapitan meister
		meisterin doktor konig konigin gross grosse klein kleine von
		vieux vieille jeune le la les petit petite grand grande
		pere mere frere soeur oncle tante monsieur madame maitre capitaine
		docteur roi reine de
		viejo vieja joven el don dona senor senora padre madre
		hermano hermana tio tia abuelo abuela capitan maestro maestra doctor
		rey reina
		старый старая молодой молодая большой маленький дед дедушка баба
		бабушка дядя тетя отец мать брат сестра мастер капитан
		доктор король королева
	]],
}
