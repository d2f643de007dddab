-- Who is called in a sentence and who is only spoken of: "Ann and Hugo, attack Rolf!" calls Ann and Hugo, and is about Rolf.
-- Pure, and knows no language: words.lua has the small words of all. Commas decide where there are any; where there are none
-- ("ida go to bram") the place of the name and the words beside it do.

local text, words, names = ...

local calling = {}

local LONG_ENOUGH = 3 -- "why is jorik waving all the time selma": more words than that after one name make the next a call
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
	if not makes_subject[next_word] then return true end
	local asks_of_another = is_mention(after) and clause[group.to + 3] ~= "'s" -- "hanna is viktor nice": no "Hanna is Viktor's"
	return words.ASKING[next_word] and (words.SUBJECT[after] or asks_of_another) or false
end

local function is_complete(word)
	if words.COMPLETE[word] then return true end
	for _, ending in ipairs(words.COMPLETE_ENDINGS) do
		if word:find(ending) then return true end
	end
	return false
end

-- "what do you want mimi": the question word is what the verb is about, so the name is not.
local function asks_what(clause, from)
	for i = from, #clause do
		if is_mention(clause[i]) then return false end
		if not words.ATTENTION[clause[i]] then return words.WHAT[clause[i]] or false end
	end
	return false
end

-- A name that closes a clause, after the words from `from` on: called, unless a word beside it makes it what they are about.
-- last: where the name before it in the clause ends, or nil; has_call: one before it is called.
local function closes(clause, from, group, last, has_call)
	local word, before = clause[group.from - 1], clause[group.from - 2]
	if is_mention(word) or words.OBJECT[word] then return false end
	-- "kennst du Bram", but not "I love you Vera"
	local is_asked = words.SUBJECT[word] and words.VERBS[before] and not words.SUBJECT[clause[group.from - 3]]
	local has_verb = words.VERBS[word] or is_asked or words.THIRD_PERSON[word]
	if has_verb and not asks_what(clause, from) then return false end
	if is_complete(word) or not last then return true end
	return not has_call and group.from - last > LONG_ENOUGH
end

local function is_called(clause, from, group, last, has_call)
	if all_in(clause, from, group.from - 1, words.ATTENTION) then return opens(clause, group) end
	if all_in(clause, group.to + 1, #clause, words.TRAILING) then return closes(clause, from, group, last, has_call) end
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
	local clause, from, last, has_call = clauses[number], 1, nil, false
	local is_list = goes_on(clauses, number)
	for _, group in ipairs(groups_of(clause)) do
		local is_call = not is_list and is_called(clause, from, group, last, has_call)
		for _, mention in ipairs(group) do
			if mention.is_marked or is_call and mention.how ~= "form" then
				add_all(called, mention.who)
			elseif mention.how ~= "typo" then
				add_all(spoken_of, mention.who)
			end
		end
		if is_call then from, has_call = group.to + 1, true end
		last = group.to
		clause.ends_with_object = not is_call and group.to == #clause
	end
end

local function contains(list, value)
	for _, item in ipairs(list) do
		if item == value then return true end
	end
	return false
end

-- Pieces of a sentence between commas and colons, each {words, called, spoken_of, is_bare: nothing but names}.
local function pieces_of(sentence, index)
	local pieces, clauses = {}, {}
	for words_said in sentence:gmatch("[^,:]*[,:]*") do
		local piece = words_said ~= "" and {words = words_said, called = {}, spoken_of = {}, is_bare = true}
		for _, clause in ipairs(piece and clauses_of(words_said:gsub("[.!?;\n]+$", ""), index) or {}) do
			clauses[#clauses + 1] = clause
			read_clause(clauses, #clauses, piece.called, piece.spoken_of)
			for _, item in ipairs(clause) do
				piece.is_bare = piece.is_bare and (is_mention(item) or words.AND[item] or words.ATTENTION[item]) and true or false
			end
		end
		if piece then pieces[#pieces + 1] = piece end
	end
	return pieces
end

-- The parts of a sentence that call the same, each {words, called, spoken_of}: "Oskar, go home, tilda you wait" has two. Names by
-- themselves call by what follows, and at the end by what was before.
local function parts_of(sentence, index)
	local parts, part = {}, nil
	for _, piece in ipairs(pieces_of(sentence, index)) do
		local calls_others = part and piece.called[1] and not part.is_bare and (not piece.is_bare or part.called[1])
		if not part or calls_others then
			part = {words = "", called = {}, spoken_of = {}, is_bare = true}
			parts[#parts + 1] = part
		end
		part.words, part.is_bare = part.words .. piece.words, part.is_bare and piece.is_bare
		add_all(part.called, piece.called)
		add_all(part.spoken_of, piece.spoken_of)
	end
	return parts
end

-- What was said as such parts: two lists in each, of things of the index in the order of their names; one may be in both.
local function all_parts(said, index)
	local all = {}
	for sentence in text.cut(said, READ_MAX_BYTES):gmatch("[^.!?;\n]*[.!?;\n]*") do
		for _, part in ipairs(parts_of(sentence, index)) do all[#all + 1] = part end
	end
	return all
end

-- Who of `index` (from names.index) is called, and who is spoken of: two lists; one may be in both.
function calling.read(said, index)
	local called, spoken_of = {}, {}
	for _, part in ipairs(all_parts(said, index)) do
		add_all(called, part.called)
		add_all(spoken_of, part.spoken_of)
	end
	return called, spoken_of
end

-- What of it is for one of those who are called, and who else is called by that: "Ann, stay. Hugo, come!" tells Ann to stay.
-- A part that calls nobody is for whom the one before called.
function calling.part_for(one, said, index)
	local for_one, others, current = {}, {}, nil
	for _, part in ipairs(all_parts(said, index)) do
		if part.called[1] then current = part.called end
		if not current or contains(current, one) then
			for_one[#for_one + 1] = part.words
			for _, other in ipairs(part.called) do
				if other ~= one and not contains(part.spoken_of, other) then add_all(others, {other}) end
			end
		end
	end
	return text.clean(table.concat(for_one)), others
end

return calling
