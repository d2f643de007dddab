-- Types a line out word by word at reading pace, long ones in parts, while words may still be coming in.
-- Incoming words are buffered, so the pace stays even. Where a voice says the words, its pace is kept instead. Pure; time is
-- passed in.

local settings, text = ...

local Typewriter = {}
Typewriter.__index = Typewriter

local PART_FULL = 0.6 -- of a bubble: the next sentence begins a new part
local SHOWN_EVERY_US = 300e3 -- each change is a message to all players near, so a word or two appear at once
local PART_LONGEST = 1.5 -- of a bubble: here even a sentence is broken

-- Where parts end is known as soon as the words are, whatever comes later: a part once shown never changes.
local function take_word(self, word, last)
	local length = text.length(word)
	local used = self.part_chars
	local bubble = settings.bubble_chars
	local breaks = self.sentence_over and used >= PART_FULL * bubble or used + length > PART_LONGEST * bubble
	if used > 0 and breaks then
		self.parts[#self.parts + 1] = {}
		used = 0
	end
	local part = self.parts[#self.parts]
	part[#part + 1] = word
	self.ends[#self.ends + 1] = last
	self.part_chars = used + length + 1
	self.sentence_over = word:find("[%.!%?]['\"%)]*$") ~= nil or word:find("…$") ~= nil or word:find("[。！？]$") ~= nil
end

-- The last word is taken only when it is whole: a space follows it, or nothing comes any more.
local function take_words(self, whole)
	while true do
		local first, last = self.heard:find("%S+", self.taken + 1)
		if not first or last == #self.heard and not whole then return end
		take_word(self, self.heard:sub(first, last), last)
		self.taken = last
	end
end

-- All that has been heard so far; it only grows.
function Typewriter:hear(all)
	if self.closed then return end
	self.heard = all
	take_words(self, false)
end

-- Nothing comes any more. all: the whole text, or nil where the rest was lost: what is known ends with an ellipsis.
function Typewriter:close(all)
	if self.closed then return end
	if all and all:sub(1, self.taken) == self.heard:sub(1, self.taken) then
		self.heard = all
	elseif self.taken > 0 then
		self.heard = self.heard:sub(1, self.taken) .. " …"
	else
		self.heard = all or ""
	end
	take_words(self, true)
	self.closed = true
end

local function part_is_whole(self, number)
	return self.closed or number < #self.parts
end

-- The next part that is whole and has begun to be shown, or nil: for the chat, each once.
function Typewriter:next_line()
	local number = self.lines_given + 1
	if number > self.part or not part_is_whole(self, number) then return nil end
	local part = self.parts[number]
	if not part or not part[1] then return nil end
	self.lines_given = number
	return table.concat(part, " ")
end

function Typewriter:full_text()
	return (self.heard:gsub("^%s+", ""):gsub("%s+$", ""))
end

local function shown_text(self)
	local part = self.parts[self.part]
	local words = table.concat(part, " ", 1, self.shown)
	if self.shown == #part and self.part < #self.parts then words = words .. " …" end
	return words
end

-- The voice that is heard now, {last, end_us}, or nil.
local function voice_of(self, now)
	local voice = self.voice
	return voice and now < voice.end_us and voice or nil
end

-- What the next word takes, in microseconds: its share of what the voice has left to say, or its reader's time. Nil: the voice
-- has not come to it.
local function word_us(self, word, now)
	if self.hurries then return 0 end
	local voice = voice_of(self, now)
	if not voice then return (text.length(word) + 1) * settings.read_char_ms * 1000 end
	local last = self.ends[self.typed + 1]
	if last > voice.last then return nil end
	local before = self:shown_until()
	return (voice.end_us - now) * (last - before) / (voice.last - before)
end

-- Show as many more words of this part as the time since the last step allows.
local function type_words(self, now)
	local part, before = self.parts[self.part], self.shown
	self.credit_us = self.credit_us + (now - self.last_us)
	while self.shown < #part and self.credit_us >= 0 do
		local us = word_us(self, part[self.shown + 1], now)
		if not us then break end
		self.shown, self.typed = self.shown + 1, self.typed + 1
		self.credit_us = self.credit_us - us
	end
	if self.shown == #part or voice_of(self, now) then
		self.credit_us = math.min(self.credit_us, 0) -- while it waits for words no time is saved up
	end
	return self.shown ~= before
end

-- Has this part, all of whose words are shown, been read? A voice that says them has to end first; one that is past them waits
-- for nobody.
local function is_read(self, now)
	local voice = voice_of(self, now)
	if voice then return voice.last > self:shown_until() end
	return now - self.done_us >= settings.read_base_ms * 1000
end

-- A voice says the words up to byte `last` of the text until end_us: they are typed in that time, and none after them before. It
-- waits for no voice that is not heard. end_us 0: it has stopped.
function Typewriter:keep_pace(last, end_us)
	self.voice, self.credit_us = {last = last, end_us = end_us}, 0
end

-- It is broken off by somebody who waits for an answer: all its words are shown at once, and then for as long as ever.
function Typewriter:hurry()
	self.hurries = true
	self:keep_pace(0, 0)
end

-- The byte of the text that the words shown so far go to.
function Typewriter:shown_until()
	return self.ends[self.typed] or 0
end

-- Is the text up to byte `last` of parts that are no longer shown?
function Typewriter:is_past(last)
	return (self.ends[self.typed - self.shown] or 0) >= last
end

-- One step. Returns what the bubble shows, if that has changed; `over` is true when all is said and read.
function Typewriter:step(now)
	self.last_us = self.last_us or now
	if self.over then return nil end
	local changed = type_words(self, now)
	self.last_us = now
	if changed then self.done_us = nil end
	local part_done = self.shown == #self.parts[self.part] and part_is_whole(self, self.part)
	if part_done then
		self.done_us = self.done_us or now - self.credit_us
		if is_read(self, now) then
			if self.part < #self.parts then
				self.part, self.shown, self.credit_us, self.done_us = self.part + 1, 0, 0, nil
				return self:step(now)
			end
			self.over = true
			return nil
		end
	end
	self.unshown = self.unshown or changed
	if not self.unshown or not part_done and self.shown_us and now - self.shown_us < SHOWN_EVERY_US then return nil end
	self.unshown, self.shown_us = false, now
	return shown_text(self)
end

-- whole: the text where it is known already.
function Typewriter.new(whole)
	local self = setmetatable({
		heard = "", taken = 0, closed = false, -- of `heard`, the first `taken` bytes are words in `parts`
		parts = {{}}, part_chars = 0, sentence_over = false,
		ends = {}, typed = 0, -- of each word its last byte, and how many words of all parts are shown
		part = 1, shown = 0, credit_us = 0, lines_given = 0, over = false,
	}, Typewriter)
	if whole then self:close(whole) end
	return self
end

return Typewriter
