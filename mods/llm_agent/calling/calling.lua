-- Who is called in a sentence and who is only spoken of: "Ann and Hugo, attack Rolf!" calls Ann and Hugo, and is about Rolf.
-- Pure, and knows no language: words.lua has the small words of all. Commas decide where there are any; where there are none
-- ("ida go to bram") the place of the name and the words beside it do.

local text, words, names = ...

local calling = {}

local LONG_ENOUGH = 3 -- "what do you sell bram": so many words make a sentence of their own before a name that closes it
local READ_MAX_BYTES = 2000 -- as much as a player says at once; the rest is not looked at

-- Clauses ----------------------------------------------------------------------------------------------------------------

-- A clause is what stands between signs: a list of words and mentions. ends_with: the sign after it.
local function clauses_of(sentence, index)
	local tokens, clauses, clause = names.tokens_of(sentence), {}, {}
	local at, is_marked = 1, false
	local function close(sign)
		clause.ends_with = sign
		if clause[1] then clauses[#clauses + 1] = clause end
		clause = {}
	end
	while tokens[at] do
		local mention = names.is_word(tokens[at]) and names.mention_at(tokens, at, index)
		if mention then
			mention.is_marked, is_marked = is_marked, false
			clause[#clause + 1], at = mention, mention.to
		elseif names.is_word(tokens[at]) then
			clause[#clause + 1] = tokens[at]
		elseif tokens[at] == "@" then
			is_marked = true
		elseif tokens[at] ~= "'" then
			close(tokens[at])
		end
		at = at + 1
	end
	close(nil)
	return clauses
end

local function is_mention(item) return type(item) == "table" end

-- The names that stand together in a clause: lists of mentions with `from` and `to` in the clause.
local function groups_of(clause)
	local groups, group = {}, nil
	local i = 1
	while clause[i] do
		if is_mention(clause[i]) then
			group = group or {from = i}
			group[#group + 1], group.to = clause[i], i
			if words.AND[clause[i + 1]] and is_mention(clause[i + 2]) then i = i + 1 end
			if not is_mention(clause[i + 1]) then groups[#groups + 1], group = group, nil end
		end
		i = i + 1
	end
	return groups
end

local function all_in(clause, from, to, set)
	for i = from, to do
		if is_mention(clause[i]) or not set[clause[i]] then return false end
	end
	return true
end

-- A name that opens a clause: called, unless it is the subject of what follows.
local function opens(clause, group)
	local next_word, after = clause[group.to + 1], clause[group.to + 2]
	if not next_word then
		local name = group[#group]
		return not (clause.ends_with == "~" and names.plain(name.who[1].name):find("[\208\209]")) -- «Брам — дурак»
	end
	if next_word == "'s" then return false end
	local makes_subject = #group > 1 and words.THEY or words.THIRD_PERSON
	return not makes_subject[next_word] or words.ASKING[next_word] and words.SUBJECT[after] or false
end

local function is_complete(word)
	if words.COMPLETE[word] then return true end
	for _, ending in ipairs(words.COMPLETE_ENDINGS) do
		if word:find(ending) then return true end
	end
	return false
end

-- A name that closes a clause, after the words from `from` on. has_name: there are others before it in the clause.
local function closes(clause, from, group, has_name)
	local word, before = clause[group.from - 1], clause[group.from - 2]
	if is_mention(word) then return false end
	if words.OBJECT[word] or words.VERBS[word] or words.SUBJECT[word] and words.VERBS[before] then return false end
	if is_complete(word) then return true end
	return not has_name and group.from - from >= LONG_ENOUGH
end

local function is_called(clause, from, group, has_name)
	if all_in(clause, from, group.from - 1, words.ATTENTION) then return opens(clause, group) end
	if all_in(clause, group.to + 1, #clause, words.TRAILING) then return closes(clause, from, group, has_name) end
	local word, next_word = clause[group.from - 1], clause[group.to + 1]
	if next_word == "'s" or words.OBJECT[word] or words.VERBS[word] or words.THIRD_PERSON[next_word] then return false end
	return not is_mention(word) and words.COMPLETE[word] and not words.SUBJECT[word] or false
end

-- "I saw Ann, Hugo and Bram": the names after the comma go on with those before it. An order does not begin so.
local function goes_on(clauses, number)
	local before, first = clauses[number - 1], clauses[1][1]
	if not before or not before.ends_with_object or is_mention(first) then return false end
	local asks = words.SUBJECT[first] or words.VERBS[first] and words.SUBJECT[clauses[1][2]] or first == "do" or first == "where"
	local has_and = false
	for _, item in ipairs(clauses[number]) do
		if not is_mention(item) and not words.AND[item] then return false end
		has_and = has_and or not is_mention(item)
	end
	return asks and has_and
end

local function add_all(list, who)
	for _, one in ipairs(who) do
		local is_new = true
		for _, other in ipairs(list) do is_new = is_new and other ~= one end
		if is_new then list[#list + 1] = one end
	end
end

local function read_clause(clauses, number, called, spoken_of)
	local clause, from, has_name = clauses[number], 1, false
	local is_list = goes_on(clauses, number)
	for _, group in ipairs(groups_of(clause)) do
		local is_call = not is_list and is_called(clause, from, group, has_name)
		for _, mention in ipairs(group) do
			if mention.is_marked or is_call and mention.how ~= "form" then
				add_all(called, mention.who)
			elseif mention.how ~= "typo" then
				add_all(spoken_of, mention.who)
			end
		end
		if is_call then from = group.to + 1 end
		has_name = true
		clause.ends_with_object = not is_call and group.to == #clause
	end
end

-- The sentences of what was said, each {words, called, spoken_of}: two lists of things of the index in the order of their names;
-- one may be in both.
local function sentences_of(said, index)
	local sentences = {}
	for sentence in text.cut(said, READ_MAX_BYTES):gmatch("[^.!?;\n]*[.!?;\n]*") do
		if sentence ~= "" then
			local one = {words = sentence, called = {}, spoken_of = {}}
			local clauses = clauses_of(sentence:gsub("[.!?;\n]+$", ""), index)
			for number in ipairs(clauses) do read_clause(clauses, number, one.called, one.spoken_of) end
			sentences[#sentences + 1] = one
		end
	end
	return sentences
end

local function contains(list, value)
	for _, item in ipairs(list) do
		if item == value then return true end
	end
	return false
end

-- Who of `index` (from names.index) is called, and who is spoken of: two lists; one may be in both.
function calling.read(said, index)
	local called, spoken_of = {}, {}
	for _, sentence in ipairs(sentences_of(said, index)) do
		add_all(called, sentence.called)
		add_all(spoken_of, sentence.spoken_of)
	end
	return called, spoken_of
end

-- What of it is for one of those who are called, and who else is called by that: "Ann, stay. Hugo, come!" tells Ann to stay.
-- A sentence that calls nobody is for whom the one before called.
function calling.part_for(one, said, index)
	local part, others, current = {}, {}, nil
	for _, sentence in ipairs(sentences_of(said, index)) do
		if sentence.called[1] then current = sentence.called end
		if not current or contains(current, one) then
			part[#part + 1] = sentence.words
			for _, other in ipairs(sentence.called) do
				if other ~= one and not contains(sentence.spoken_of, other) then add_all(others, {other}) end
			end
		end
	end
	return text.clean(table.concat(part)), others
end

return calling
