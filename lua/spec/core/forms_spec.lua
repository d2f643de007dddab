-- core/forms.lua: what forms look like can be read, and no form of the mod has a look of its own.

local folder = "mods/llm_agent/"

local function escape(words) return (words:gsub("[\\%[%];,$]", "\\%0")) end

local forms = loadfile(folder .. "core/forms.lua")(escape)

-- WCAG 2: relative luminance, and how many times lighter one colour is than another.
local function luminance(colour)
	local parts = {}
	for part in colour:match("^#(%x%x%x%x%x%x)$"):gmatch("%x%x") do
		local value = tonumber(part, 16) / 255
		parts[#parts + 1] = value <= 0.03928 and value / 12.92 or ((value + 0.055) / 1.055) ^ 2.4
	end
	return 0.2126 * parts[1] + 0.7152 * parts[2] + 0.0722 * parts[3]
end

local function contrast(a, b)
	local light, dark = luminance(a), luminance(b)
	if light < dark then light, dark = dark, light end
	return (light + 0.05) / (dark + 0.05)
end

local READABLE = 4.5

describe("forms", function()
	it("measure contrast as WCAG does", function()
		assert.is_near(21, contrast("#000000", "#ffffff"), 0.001)
		assert.is_near(4.54, contrast("#767676", "#ffffff"), 0.01)
	end)

	it("have words that can be read on all that lies behind them", function()
		for name, colour in pairs(forms.COLOURS) do
			for _, back in ipairs({"panel", "input", "chosen"}) do
				local ratio = contrast(colour, forms.BACKGROUNDS[back])
				assert.is_true(ratio >= READABLE, ("%s on %s: %.2f"):format(name, back, ratio))
			end
		end
		for back, colour in pairs(forms.BACKGROUNDS) do
			assert.is_true(contrast("#ffffff", colour) >= READABLE, back) -- of a chosen row, and of counts on items
		end
		for _, back in ipairs({"button", "tooltip"}) do
			assert.is_true(contrast(forms.COLOURS.text, forms.BACKGROUNDS[back]) >= READABLE, back)
		end
	end)

	it("begin with a panel of their own and without a game's theme", function()
		local head = forms.begin(18, 12)
		assert.equal("formspec_version[4]size[18,12]no_prepend[]", head:match("^.-no_prepend%[%]"))
		for _, part in ipairs({"background9[0,0;0,0;llm_agent_form.png;", "bgcolor[", "listcolors["}) do
			assert.is_truthy(head:find(part, 1, true), part)
		end
	end)

	it("are all drawn with it", function()
		local files = io.popen(("find %s -name '*.lua'"):format(folder))
		for path in files:lines() do
			local handle = io.open(path)
			local source = handle:read("*a")
			handle:close()
			if not path:find("core/forms.lua", 1, true) then
				assert.is_nil(source:find("formspec_version", 1, true), path .. " begins a form by itself")
				assert.is_nil(source:match('"[^"\n]*%f[%w](label)%['), path .. " draws words by itself")
			end
		end
		files:close()
	end)

	it("escape what they show, and a line of a list that begins with a colour", function()
		assert.equal("label[1,2;a\\;b]", forms.label(1, 2, "a;b"))
		assert.equal("label[1,2;\27(c@#b8b0a0)a\\]\27(c@#ffffff)]", forms.label(1, 2, "a]", "quiet"))
		assert.is_truthy(forms.list(0, 0, 1, 1, "l", {"#fff", "a,b"}, 1):find("##fff,a\\,b;1;true]", 1, true))
		assert.is_truthy(forms.field(0, 0, 1, 1, "f", "a;b"):find(";f;;a\\;b]field_close_on_enter[f;false]", 1, true))
		assert.equal("button_exit[0,0;1,1;x;a\\,b]", forms.button(0, 0, 1, 1, "x", "a,b", true))
	end)
end)
