-- Where the pictures of a line stand: side by side over the middle, in rows where they are too many. Pure. In pixels as a picture
-- counts them; clients scale both alike.

local layout = {}

local ROW_MAX = 560 -- wide, of the smallest window that people play in, 800
local GAP = 4

-- widths: of the pictures, in their order; height: of all. For each {x, y} of the middle of its lower edge from a point, y up.
function layout.places(widths, height)
	local rows, places = {}, {}
	for i, width in ipairs(widths) do
		local row = rows[#rows]
		if not row or row.width + GAP + width > ROW_MAX then
			row = {width = -GAP, first = i}
			rows[#rows + 1] = row
		end
		row.width, row.last = row.width + GAP + width, i
	end
	for number, row in ipairs(rows) do
		local x = -row.width / 2
		for i = row.first, row.last do
			places[i] = {x = math.floor(x + widths[i] / 2 + 0.5), y = (#rows - number) * (height + GAP)}
			x = x + widths[i] + GAP
		end
	end
	return places
end

return layout
