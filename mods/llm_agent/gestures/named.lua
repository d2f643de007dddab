-- The gestures that have a name, in the form that every gesture has (form.lua, docs/gestures.md). Data only.
-- Angles in degrees from rest: an arm of {180, 0, 0} points straight up, {90, 0, 0} forward; a head of {-20, 0, 0} looks down;
-- a body of {-40, 0, 0} bows, and its legs stay where they are. z turns an arm like the hand of a clock: of a hanging right arm
-- a negative one goes outward, of a raised one a positive; of the left arm it is the other way around.

local named = {}

-- What a player's model has; one with a jaw says so in its rig.
named.JOINTS = {Head = true, Body = true, Arm_Left = true, Arm_Right = true, Leg_Left = true, Leg_Right = true}

named.kinds = {
	"wave", "nod", "shake", "point", "beckon", "bow", "shrug", "think", "count", "laugh", "cry", "dance",
}

named.by_kind = {
	wave = {times = 3, frames = {
		{at = 0.3, joints = {Arm_Right = {180, 0, 5}}},
		{at = 0.6, joints = {Arm_Right = {180, 0, 45}}},
	}},
	nod = {times = 3, frames = {
		{at = 0.25, joints = {Head = {-20, 0, 0}}},
		{at = 0.5, joints = {Head = {5, 0, 0}}},
	}},
	shake = {times = 2, frames = {
		{at = 0.25, joints = {Head = {0, 30, 0}}},
		{at = 0.7, joints = {Head = {0, -30, 0}}},
		{at = 0.95, joints = {Head = {0, 0, 0}}},
	}},
	point = {frames = {
		{at = 0.35, joints = {Arm_Right = {90, 0, 0}}},
		{at = 2.2, joints = {Arm_Right = {90, 0, 0}}, ease = "hold"},
	}},
	beckon = {times = 3, frames = {
		{at = 0.3, joints = {Arm_Right = {90, 0, 0}}},
		{at = 0.65, joints = {Arm_Right = {150, 0, 0}}},
	}},
	bow = {frames = {
		{at = 0.5, joints = {Body = {-40, 0, 0}, Head = {-10, 0, 0}}},
		{at = 1.1, joints = {Body = {-40, 0, 0}, Head = {-10, 0, 0}}, ease = "hold"},
		{at = 1.6, joints = {Body = {0, 0, 0}, Head = {0, 0, 0}}},
	}},
	shrug = {frames = {
		{at = 0.3, joints = {Arm_Left = {20, 0, 25}, Arm_Right = {20, 0, -25}, Head = {0, 0, 12}}},
		{at = 1.2, joints = {Arm_Left = {20, 0, 25}, Arm_Right = {20, 0, -25}, Head = {0, 0, 12}}, ease = "hold"},
	}},
	think = {frames = { -- it scratches its head: an arm without an elbow does not reach the chin
		{at = 0.5, joints = {Arm_Right = {165, 0, -25}, Head = {-8, 0, 10}}},
		{at = 0.9, joints = {Arm_Right = {150, 0, -25}}},
		{at = 1.3, joints = {Arm_Right = {165, 0, -25}}},
		{at = 1.7, joints = {Arm_Right = {150, 0, -25}}},
		{at = 2.1, joints = {Arm_Right = {165, 0, -25}, Head = {-8, 0, 10}}},
	}},
	count = {times = 3, frames = { -- a stroke of the forearm for each: this body has no fingers
		{at = 0.3, joints = {Arm_Right = {120, 0, 0}}},
		{at = 0.55, joints = {Arm_Right = {75, 0, 0}}},
	}},
	laugh = {times = 4, frames = {
		{at = 0.3, joints = {Head = {20, 0, 0}, Body = {4, 0, 0}}},
		{at = 0.6, joints = {Head = {10, 0, 0}, Body = {-4, 0, 0}}},
	}},
	cry = {times = 4, frames = {
		{at = 0.35, joints = {Head = {-30, 0, 0}, Arm_Left = {130, 0, -25}, Arm_Right = {130, 0, 25}}},
		{at = 0.7, joints = {Head = {-22, 0, 0}, Arm_Left = {125, 0, -25}, Arm_Right = {125, 0, 25}}},
	}},
	dance = {times = 3, frames = {
		{at = 0.35, joints = {Arm_Left = {150, 0, 20}, Arm_Right = {30, 0, 0}, Body = {0, 20, 0}, Leg_Left = {25, 0, 0}}},
		{at = 0.7, joints = {Arm_Left = {30, 0, 0}, Arm_Right = {30, 0, 0}, Body = {0, 0, 0}, Leg_Left = {0, 0, 0}}},
		{at = 1.05, joints = {Arm_Left = {30, 0, 0}, Arm_Right = {150, 0, -20}, Body = {0, -20, 0}, Leg_Right = {25, 0, 0}}},
		{at = 1.4, joints = {Arm_Left = {30, 0, 0}, Arm_Right = {30, 0, 0}, Body = {0, 0, 0}, Leg_Right = {0, 0, 0}}},
	}},
}

named.COUNT_MAX = 5 -- of one hand

-- `count` up to a number, else the gesture of that kind.
function named.of(kind, number)
	local found = named.by_kind[kind]
	if kind ~= "count" or not number then return found end
	return {times = number, frames = found.frames}
end

-- Pointing with the arm lifted by so many degrees: 90 is ahead.
function named.point(degrees)
	local first, last = unpack(named.by_kind.point.frames)
	local function lifted(frame) return {at = frame.at, joints = {Arm_Right = {degrees, 0, 0}}, ease = frame.ease} end
	return {frames = {lifted(first), lifted(last)}}
end

return named
