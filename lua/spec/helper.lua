-- Loaded by busted before all specs. Debian's LuaJIT (2.1.0-beta3) now and then crashes in traces that it stitches around C
-- functions; with this it makes none. One run of these specs in fifty ended so, always in the fake `core`.
if jit then require("jit.opt").start("minstitch=1000000") end
