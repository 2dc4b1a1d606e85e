package picture

import (
	"math"
	"testing"
)

// Light of a lamp is evened out. What has an edge, as a shadow has, stays, and so does
// paper that is even already.
func TestFlatten(t *testing.T) {
	page := func(light func(x, y float64) float64) *plane {
		p := newPlane(90, 120)
		for i := range p.rows {
			for j := range p.cols {
				p.row(i)[j] = light(float64(j)/60-1, float64(i)/45-1)
				if i > 20 && i < 70 && j > 50 && j < 56 { // ink
					p.row(i)[j] -= 0.4
				}
			}
		}
		return p
	}
	lamp := flatten(page(func(x, y float64) float64 { return 0.8 - 0.2*x*x - 0.1*y*y + 0.15*x*y }))
	ink, paper := lamp.row(45)[53], lamp.row(0)[0]
	for _, at := range [][2]int{{0, 119}, {89, 0}, {89, 119}, {45, 20}, {45, 100}, {10, 60}} {
		if got := lamp.row(at[0])[at[1]]; math.Abs(got-paper) > 0.01 {
			t.Errorf("by a lamp: got paper of %.3f in row %d and column %d, want %.3f as in the corner", got, at[0], at[1], paper)
		}
	}
	if math.Abs(paper-ink-0.4) > 0.01 {
		t.Errorf("by a lamp: got ink of %.3f on paper of %.3f, want 0.4 less", ink, paper)
	}
	table := flatten(page(func(x, y float64) float64 { // a third of the picture is dark
		if x < -0.36 {
			return 0.1
		}
		return 0.7 + 0.2*x
	}))
	if left, right := table.row(0)[60], table.row(0)[119]; math.Abs(left-right) > 0.02 {
		t.Errorf("beside a dark table: got paper of %.3f and %.3f, want them the same", left, right)
	}
	for name, light := range map[string]func(x, y float64) float64{
		"even": func(x, y float64) float64 { return 0.8 - 0.04*x },
		"in a hard shadow": func(x, y float64) float64 {
			if x+y < -0.15 {
				return 0.4
			}
			return 0.9 - 0.15*x*x // of 57 in 100 pixels
		},
		"in a soft shadow": func(x, y float64) float64 { return 0.9 - 0.6/(1+math.Exp(9*x)) },
	} {
		if p := page(light); flatten(p) != p {
			t.Errorf("%s: got another picture, want it as it is", name)
		}
	}
}
