-- Who is meant by what somebody says: which names stand in it, who is called by it and who is only spoken of. Pure: the lists of
-- those who have names are handed in.

local load, base = ...
local text = base.text

local words = load("words")
local names = load("names", text, words)
local calling = load("calling", text, words, names)

return {names = names, calling = calling, things = load("things", text, names)}
