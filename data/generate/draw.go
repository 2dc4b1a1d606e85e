package main

import (
	"math"
	"math/rand/v2"
)

const (
	side   = 28 // pixels along a picture
	pixels = side * side
	box    = 20 // pixels that the ink spans, the longer way

	// levels of grey between paper and full ink. So few compress well, and a
	// network reads them as well as 255.
	levels = 8
)

// point is a place on the paper: x to the right, y downwards, in hundredths of
// the height of a digit.
type point struct{ x, y float64 }

// form is one way of writing a digit: its strokes, each the points that the pen
// passes through in order. A point given twice is a sharp corner.
type form struct {
	weight  float64 // how common it is among the forms of its digit
	strokes [][]point
}

// draw returns a picture of the digit as some hand might write it.
func draw(rng *rand.Rand, digit int) [pixels]float32 {
	slop := math.Exp(0.15 * rng.NormFloat64()) // a neat hand is below 1 in all it does, a sloppy one above
	var strokes [][]point
	for _, s := range choose(rng, digit) {
		strokes = append(strokes, curve(jitter(rng, s, slop)))
	}
	bend(rng, strokes, slop)
	return center(ink(rng, strokes))
}

// choose picks one of the digit's forms, as often as its weight says, and
// returns its strokes.
func choose(rng *rand.Rand, digit int) [][]point {
	var total float64
	for _, f := range forms[digit] {
		total += f.weight
	}
	left := total * rng.Float64()
	for _, f := range forms[digit] {
		if left -= f.weight; left < 0 {
			return f.strokes
		}
	}
	return forms[digit][0].strokes // only if rounding ate the last of the weights
}

// jitter returns the stroke with every point moved a little. The two points of
// a corner stay together, but a quick pen makes one of them and rounds it.
func jitter(rng *rand.Rand, stroke []point, slop float64) []point {
	const spread = 2.6 // hundredths of the height, standard deviation
	var moved []point
	for i, p := range stroke {
		if i > 0 && p == stroke[i-1] {
			if rng.Float64() < 0.7 {
				moved = append(moved, moved[len(moved)-1])
			}
			continue
		}
		moved = append(moved, point{
			p.x + spread*slop*rng.NormFloat64(),
			p.y + spread*slop*rng.NormFloat64(),
		})
	}
	return moved
}

// curve returns many points along a smooth curve through the given ones, the
// Catmull-Rom spline: at each it runs parallel to the line between its two
// neighbours. Where a point is given twice it turns a corner.
func curve(through []point) []point {
	const steps = 12 // from one point to the next
	last := len(through) - 1
	var fine []point
	for i := range last {
		a, b, c, d := through[max(0, i-1)], through[i], through[i+1], through[min(i+2, last)]
		for s := range steps {
			t := float64(s) / steps
			fine = append(fine, point{spline(a.x, b.x, c.x, d.x, t), spline(a.y, b.y, c.y, d.y, t)})
		}
	}
	return append(fine, through[last])
}

// spline is one coordinate of the curve a part t, 0 to 1, of the way from b to
// c; a comes before them and d after.
func spline(a, b, c, d, t float64) float64 {
	return b + t/2*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a)))
}

// bend warps, squeezes, slants and turns the whole digit, in place.
func bend(rng *rand.Rand, strokes [][]point, slop float64) {
	dx, dy := wave(rng, 6*slop), wave(rng, 6*slop)
	squeeze := 0.9 * math.Exp(0.18*rng.NormFloat64()) // of the width
	slant := 0.12 + 0.22*rng.NormFloat64()            // to the right, per unit upwards
	sin, cos := math.Sincos(0.08 * rng.NormFloat64())
	for _, s := range strokes {
		for i, p := range s {
			y := p.y + dy(p)
			x := squeeze*(p.x+dx(p)) - slant*y
			s[i] = point{cos*x - sin*y, sin*x + cos*y}
		}
	}
}

// wave returns a random function of the place that varies smoothly between
// about -2·size and 2·size: the sum of two waves, each of any direction and
// mostly longer than the digit is high.
func wave(rng *rand.Rand, size float64) func(point) float64 {
	var fx, fy, phase [2]float64
	for i := range phase {
		fx[i] = math.Pi / 100 * rng.NormFloat64()
		fy[i] = math.Pi / 100 * rng.NormFloat64()
		phase[i] = 2 * math.Pi * rng.Float64()
	}
	return func(p point) float64 {
		return size * (math.Sin(fx[0]*p.x+fy[0]*p.y+phase[0]) + math.Sin(fx[1]*p.x+fy[1]*p.y+phase[1]))
	}
}

const (
	margin = side / 2       // pixels free around the box: a picture centred anywhere in it fits
	sheet  = box + 2*margin // pixels along what is drawn on
)

// ink draws the strokes with a pen of random width, in greys from 0 to 1. As
// MNIST's makers did, it keeps their proportions and makes the ink span the box
// the longer way. Each point leaves a round blot whose edge, a pixel wide, fades
// from ink to paper; where blots overlap the darkest counts.
func ink(rng *rand.Rand, strokes [][]point) (gray [sheet][sheet]float64) {
	radius := 1.1 * math.Exp(0.22*rng.NormFloat64()) // of the pen, in pixels
	press := wave(rng, 0.12)                         // how hard it is pressed, here and there
	low, high := bounds(strokes)
	scale := (box - 2*radius) / max(high.x-low.x, high.y-low.y)
	for _, s := range strokes {
		for _, p := range s {
			r := max(0.7, radius*(1+press(p)))
			x := margin + radius + scale*(p.x-low.x)
			y := margin + radius + scale*(p.y-low.y)
			for i := int(y - r - 1); i <= int(y+r+1); i++ {
				for j := int(x - r - 1); j <= int(x+r+1); j++ {
					right, down := float64(j)+0.5-x, float64(i)+0.5-y // to the pixel's middle
					dark := r + 0.5 - math.Sqrt(right*right+down*down)
					gray[i][j] = max(gray[i][j], min(1, dark))
				}
			}
		}
	}
	return gray
}

// bounds returns the smallest and the largest coordinates in the strokes.
func bounds(strokes [][]point) (low, high point) {
	low, high = strokes[0][0], strokes[0][0]
	for _, s := range strokes {
		for _, p := range s {
			low = point{min(low.x, p.x), min(low.y, p.y)}
			high = point{max(high.x, p.x), max(high.y, p.y)}
		}
	}
	return low, high
}

// center cuts from the sheet the picture that has the ink's centre of mass in
// its middle, to the nearest pixel, and rounds its greys to the levels.
func center(gray [sheet][sheet]float64) (picture [pixels]float32) {
	var mass, x, y float64
	for i, row := range gray {
		for j, g := range row {
			mass += g
			x += g * (float64(j) + 0.5)
			y += g * (float64(i) + 0.5)
		}
	}
	left := int(math.Round(x/mass - side/2))
	top := int(math.Round(y/mass - side/2))
	for i := range side {
		for j := range side {
			g := math.Round(gray[top+i][left+j]*levels) / levels
			picture[i*side+j] = float32(min(g, 255.0/256))
		}
	}
	return picture
}

// forms holds, for each digit, the ways people write it.
var forms = [10][]form{
	0: {
		// a round one, closed at the top
		{4, [][]point{{{58, 1}, {14, 26}, {6, 80}, {42, 100}, {88, 76}, {96, 22}, {62, 0}, {36, 9}}}},
		// the end crosses over the start
		{3, [][]point{{{76, 12}, {46, 4}, {10, 42}, {14, 94}, {60, 92}, {98, 46}, {84, 3}, {46, 10}}}},
		// a narrow one
		{2, [][]point{{{54, 0}, {24, 36}, {26, 86}, {50, 100}, {76, 66}, {74, 14}, {48, 0}}}},
		// open at the top
		{1, [][]point{{{34, 16}, {10, 44}, {6, 82}, {34, 100}, {74, 86}, {96, 44}, {84, 8}, {56, 6}}}},
		// the end curls inside
		{1.5, [][]point{{{46, 3}, {8, 40}, {16, 92}, {62, 96}, {98, 52}, {84, 8}, {52, 6}, {46, 22}, {58, 32}}}},
	},
	1: {
		// a plain stroke
		{10, [][]point{{{54, 0}, {50, 50}, {46, 100}}}},
		// a leaning one
		{4, [][]point{{{68, 0}, {50, 50}, {32, 100}}}},
		// with a flag
		{1, [][]point{{{28, 24}, {54, 0}, {54, 0}, {50, 50}, {46, 100}}}},
		// with a flag and a foot
		{2, [][]point{{{30, 20}, {54, 0}, {54, 0}, {51, 50}, {48, 98}}, {{18, 100}, {50, 99}, {84, 98}}}},
	},
	2: {
		// a sharp corner and a flat foot
		{4, [][]point{{{8, 24}, {30, 3}, {62, 2}, {76, 26}, {60, 56}, {34, 80}, {8, 98}, {8, 98}, {45, 94}, {94, 96}}}},
		// a loop at the foot
		{4, [][]point{{{12, 24}, {38, 2}, {66, 8}, {70, 38}, {52, 74}, {20, 96}, {3, 86}, {18, 71}, {46, 76}, {72, 92}, {98, 90}}}},
		// a small head over a loop as large as itself
		{3, [][]point{{{26, 16}, {54, 0}, {80, 20}, {74, 60}, {40, 98}, {10, 88}, {18, 64}, {48, 64}, {74, 84}, {94, 98}}}},
		// low and wide, like a wave
		{1, [][]point{{{4, 36}, {28, 18}, {52, 30}, {44, 60}, {12, 86}, {14, 76}, {36, 76}, {64, 84}, {110, 76}}}},
		// a swan: a small head, a straight neck, a wide foot
		{2, [][]point{{{14, 26}, {34, 4}, {58, 10}, {60, 36}, {44, 68}, {10, 98}, {10, 98}, {30, 84}, {60, 92}, {100, 96}}}},
		// like a Z
		{2, [][]point{{{10, 10}, {45, 5}, {82, 3}, {82, 3}, {52, 50}, {12, 95}, {12, 95}, {50, 95}, {92, 93}}}},
		// a wide head and a large loop
		{2, [][]point{{{14, 34}, {16, 12}, {45, 0}, {76, 12}, {78, 46}, {56, 82}, {18, 98}, {4, 76}, {34, 64}, {66, 80}, {102, 92}}}},
		// a long low foot
		{1, [][]point{{{8, 22}, {36, 4}, {64, 16}, {54, 50}, {8, 80}, {8, 80}, {50, 76}, {104, 80}}}},
	},
	3: {
		// round, with a sharp middle
		{5, [][]point{{{14, 16}, {42, 0}, {74, 10}, {70, 34}, {38, 46}, {38, 46}, {76, 56}, {86, 78}, {58, 100}, {16, 95}}}},
		// flat-topped
		{2, [][]point{{{12, 5}, {50, 3}, {80, 2}, {80, 2}, {62, 22}, {40, 42}, {40, 42}, {78, 52}, {86, 76}, {58, 100}, {16, 95}}}},
		// a small loop in the middle
		{2, [][]point{{{16, 14}, {45, 0}, {74, 14}, {62, 38}, {34, 50}, {36, 40}, {72, 54}, {84, 78}, {54, 100}, {14, 94}}}},
		// wide and angular
		{2, [][]point{{{16, 10}, {52, 2}, {84, 10}, {50, 40}, {50, 40}, {86, 54}, {82, 82}, {42, 100}, {6, 88}}}},
		// ending straight down
		{1, [][]point{{{20, 10}, {52, 1}, {72, 14}, {46, 44}, {46, 44}, {72, 54}, {74, 76}, {52, 100}}}},
		// a long tail to the left
		{2, [][]point{{{24, 12}, {52, 0}, {80, 14}, {68, 34}, {42, 46}, {42, 46}, {74, 58}, {70, 84}, {38, 97}, {0, 96}}}},
	},
	4: {
		// open, in two strokes
		{4, [][]point{{{30, 2}, {22, 28}, {12, 56}, {12, 56}, {45, 58}, {88, 54}}, {{80, 4}, {74, 50}, {66, 100}}}},
		// closed
		{3, [][]point{{{66, 0}, {36, 32}, {6, 62}, {6, 62}, {50, 62}, {94, 60}}, {{66, 0}, {63, 50}, {60, 100}}}},
		// open, in one stroke, round at the corner
		{4, [][]point{{{20, 6}, {10, 36}, {26, 52}, {58, 46}, {80, 4}, {80, 4}, {74, 50}, {64, 100}}}},
		// wide open, like a U with a tail
		{2, [][]point{{{14, 8}, {8, 46}, {28, 64}, {60, 60}, {92, 50}}, {{84, 0}, {80, 50}, {76, 100}}}},
		// closed, like a leaning A
		{1, [][]point{{{52, 2}, {28, 38}, {8, 68}, {8, 68}, {50, 68}, {94, 66}}, {{54, 0}, {62, 50}, {68, 100}}}},
		// leaning, the crossbar rising
		{3, [][]point{{{42, 2}, {18, 38}, {10, 60}, {48, 60}, {98, 46}}, {{84, 12}, {62, 55}, {40, 100}}}},
	},
	5: {
		// the bar in a second stroke
		{4, [][]point{{{28, 6}, {22, 46}, {22, 46}, {56, 38}, {84, 60}, {72, 90}, {38, 100}, {8, 88}}, {{28, 6}, {58, 6}, {94, 2}}}},
		// in one stroke
		{4, [][]point{{{94, 2}, {58, 5}, {30, 6}, {30, 6}, {24, 42}, {24, 42}, {60, 42}, {82, 66}, {60, 95}, {12, 94}}}},
		// the bar apart, flying off to the right
		{2, [][]point{{{34, 16}, {26, 46}, {26, 46}, {58, 44}, {78, 66}, {62, 94}, {32, 100}, {8, 92}}, {{40, 10}, {72, 6}, {106, 0}}}},
		// a large belly, its end curled up
		{2, [][]point{{{86, 2}, {54, 3}, {36, 4}, {36, 4}, {26, 40}, {26, 40}, {66, 38}, {90, 64}, {66, 98}, {22, 98}, {8, 78}}}},
		// a small low belly under a very long bar
		{2, [][]point{{{40, 22}, {34, 52}, {34, 52}, {60, 54}, {68, 76}, {42, 98}, {4, 94}}, {{42, 20}, {80, 16}, {126, 8}}}},
		// like an S
		{2, [][]point{{{90, 4}, {52, 5}, {26, 20}, {40, 42}, {72, 58}, {76, 82}, {48, 98}, {8, 90}}}},
		// a small belly and a long bar
		{2, [][]point{{{108, 0}, {72, 8}, {46, 10}, {46, 10}, {32, 44}, {62, 48}, {68, 74}, {42, 98}, {2, 94}}}},
	},
	6: {
		// a curved back
		{4, [][]point{{{66, 0}, {34, 26}, {14, 60}, {18, 92}, {46, 100}, {74, 88}, {72, 68}, {48, 62}, {22, 80}}}},
		// a straight back
		{3, [][]point{{{36, 0}, {20, 40}, {12, 80}, {34, 100}, {66, 95}, {78, 76}, {60, 64}, {32, 72}, {18, 90}}}},
		// open
		{2, [][]point{{{60, 0}, {26, 35}, {10, 75}, {35, 100}, {72, 88}, {70, 70}, {48, 68}, {34, 82}}}},
		// a spiral
		{2, [][]point{{{48, 2}, {16, 28}, {6, 66}, {34, 98}, {76, 90}, {88, 60}, {60, 44}, {34, 58}, {34, 78}}}},
		// a wide, low belly
		{2, [][]point{{{56, 0}, {24, 30}, {8, 68}, {30, 98}, {74, 95}, {94, 78}, {74, 65}, {40, 72}, {20, 88}}}},
	},
	7: {
		// plain
		{5, [][]point{{{5, 8}, {45, 6}, {86, 4}, {86, 4}, {70, 45}, {54, 100}}}},
		// with a bar
		{3, [][]point{{{5, 8}, {45, 6}, {86, 4}, {86, 4}, {68, 45}, {52, 100}}, {{34, 52}, {60, 51}, {92, 49}}}},
		// with a hook at the start
		{2, [][]point{{{8, 26}, {12, 6}, {12, 6}, {50, 8}, {88, 4}, {88, 4}, {72, 45}, {58, 100}}}},
		// with a long hook
		{2, [][]point{{{6, 38}, {14, 12}, {40, 6}, {80, 2}, {80, 2}, {70, 40}, {52, 100}}}},
		// a short stem
		{1, [][]point{{{0, 14}, {48, 12}, {96, 8}, {96, 8}, {82, 40}, {72, 82}}}},
		// round
		{3, [][]point{{{8, 26}, {26, 6}, {60, 2}, {80, 16}, {74, 52}, {54, 100}}}},
	},
	8: {
		// in one stroke, from the top right
		{5, [][]point{{{82, 14}, {52, 0}, {24, 18}, {34, 40}, {64, 60}, {74, 84}, {49, 100}, {24, 84}, {38, 60}, {66, 40}, {82, 14}}}},
		// the same, thin
		{1, [][]point{{{68, 14}, {54, 0}, {38, 16}, {42, 40}, {58, 60}, {62, 84}, {46, 100}, {32, 84}, {42, 60}, {60, 40}, {68, 14}}}},
		// a large head and a small foot
		{0.5, [][]point{{{84, 16}, {50, 0}, {16, 18}, {30, 46}, {60, 62}, {64, 84}, {46, 100}, {32, 86}, {50, 60}, {74, 40}, {84, 16}}}},
		// a snowman
		{1, [][]point{
			{{52, 0}, {32, 8}, {32, 34}, {52, 42}, {72, 32}, {72, 8}, {52, 0}},
			{{52, 42}, {12, 56}, {8, 90}, {50, 100}, {94, 88}, {90, 54}, {52, 42}},
		}},
		// two rings
		{2, [][]point{
			{{52, 0}, {26, 10}, {26, 40}, {50, 50}, {76, 40}, {78, 10}, {52, 0}},
			{{50, 50}, {22, 62}, {20, 90}, {46, 100}, {74, 90}, {76, 62}, {50, 50}},
		}},
		// the top left open, ending in a flying line
		{2, [][]point{{{66, 4}, {34, 2}, {22, 22}, {46, 48}, {68, 76}, {50, 100}, {26, 84}, {44, 56}, {92, 6}}}},
		// begun in the middle of the top, closed on the right
		{2, [][]point{{{90, 4}, {64, 38}, {32, 76}, {38, 100}, {64, 94}, {64, 66}, {36, 38}, {36, 8}, {62, 0}, {84, 10}}}},
	},
	9: {
		// a straight tail
		{5, [][]point{{{76, 20}, {52, 2}, {20, 22}, {22, 48}, {52, 48}, {76, 18}, {76, 18}, {74, 50}, {68, 100}}}},
		// a curved tail
		{2, [][]point{{{74, 26}, {50, 2}, {22, 22}, {28, 48}, {60, 44}, {78, 14}, {78, 14}, {82, 60}, {64, 95}, {22, 94}}}},
		// the loop begun on the right, in one sweep
		{3, [][]point{{{70, 40}, {36, 48}, {18, 26}, {44, 2}, {74, 10}, {76, 46}, {66, 100}}}},
		// a loop left open
		{2, [][]point{{{66, 2}, {30, 10}, {16, 38}, {40, 50}, {78, 14}, {78, 14}, {73, 50}, {66, 100}}}},
		// a wide loop, the tail upright
		{1.5, [][]point{{{82, 16}, {42, 0}, {6, 24}, {14, 50}, {50, 48}, {84, 16}, {84, 16}, {84, 50}, {86, 100}}}},
		// leaning far, the loop narrow
		{2, [][]point{{{94, 8}, {64, 2}, {26, 28}, {28, 48}, {60, 38}, {92, 8}, {66, 50}, {36, 100}}}},
		// a leaning tail
		{3, [][]point{{{80, 18}, {56, 0}, {26, 18}, {24, 46}, {54, 46}, {84, 12}, {70, 56}, {50, 100}}}},
	},
}
