package main

import (
	"math"
	"math/rand/v2"

	"digits/internal/strokes"
)

const (
	side   = 28 // pixels along a picture
	pixels = side * side
	box    = 20 // pixels that the ink spans, the longer way

	// levels of grey between paper and full ink. So few compress well, and a
	// network reads them as well as 255.
	levels = 8
)

// draw returns a picture of the digit that these lines are.
func draw(rng *rand.Rand, lines [][]strokes.Point) [pixels]float32 {
	return center(ink(rng, lines))
}

const (
	margin = side / 2       // pixels free around the box: a picture centred anywhere in it fits
	sheet  = box + 2*margin // pixels along what is drawn on
)

// ink draws the lines with a pen of random width, in greys from 0 to 1. As
// MNIST's makers did, it keeps their proportions and makes the ink span the box
// the longer way. Each point leaves a round blot whose edge, a pixel wide, fades
// from ink to paper; where blots overlap the darkest counts.
func ink(rng *rand.Rand, lines [][]strokes.Point) (gray [sheet][sheet]float64) {
	radius := 1.1 * math.Exp(0.22*rng.NormFloat64()) // of the pen, in pixels
	press := strokes.Wave(rng, 0.12)                 // how hard it is pressed, here and there
	low, high := strokes.Bounds(lines)
	scale := (box - 2*radius) / max(high.X-low.X, high.Y-low.Y)
	for _, s := range lines {
		for _, p := range s {
			r := max(0.7, radius*(1+press(p)))
			x := margin + radius + scale*(p.X-low.X)
			y := margin + radius + scale*(p.Y-low.Y)
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
