package picture

import (
	"math"
	"slices"
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

// The equations need not come in an order in which they can be solved from the
// first to the last; and where they leave an unknown open, it is 0.
func TestSolve(t *testing.T) {
	a := [6][7]float64{ // its first row and its column 4, all 0, are those of no unknown
		{0, 0.3, 0, 0, 0, 0},
		{0.7, 0, 0, 0, 0, 0.1},
		{0, 0, 0, 0.9, 0, 0.3},
		{0.1, 0, 0.3, 0, 0, 0},
		{0, 0, 0, 0, 0, 0},
		{0, 0, 0.1, 0, 0, 0.7},
	}
	want := [6]float64{1, -2, 3, -4, 0, 5}
	for i := range a {
		for j, v := range want {
			a[i][6] += a[i][j] * v
		}
	}
	for i, got := range solve(a) {
		if !(math.Abs(got-want[i]) <= 1e-12) {
			t.Errorf("unknown %d: got %v, want %v", i, got, want[i])
		}
	}

	last := [6][7]float64{} // equation i is of unknown 5−i alone
	for i := range last {
		last[i][5-i], last[i][6] = 2, 2*want[5-i]
	}
	if got := solve(last); got != want {
		t.Errorf("the last equation first: got %v, want %v", got, want)
	}
}

// Ink that takes the same part of the light is as dark in a shadow as beside it, and
// paper next to it is none, though of most of it only the dark middle was found.
func TestMeasure(t *testing.T) {
	page, found := newPlane(60, 60), newPlane(60, 60)
	for i := range 60 {
		for j := range 60 {
			light := 0.9
			if j < 30 {
				light = 0.3
			}
			page.row(i)[j] = light
			if i >= 28 && i < 32 && j >= 5 && j < 55 {
				page.row(i)[j] = light / 5
			}
			if i >= 29 && i < 31 && j >= 6 && j < 54 {
				found.row(i)[j] = 0.3 + light/2
			}
		}
	}
	got := measure(page, found)
	for _, c := range []struct {
		name        string
		x, y        int
		least, most float64
	}{
		{"in the shadow", 15, 29, 0.85, 1},
		{"in the light", 45, 29, 0.95, 1},
		{"at the edge of the stroke, in the shadow", 15, 28, 0.85, 1},
		{"paper in the shadow", 15, 27, 0, 0},
		{"paper in the light", 45, 32, 0, 0},
		{"paper far away", 45, 50, 0, 0},
	} {
		if v := got.row(c.y)[c.x]; v < c.least || v > c.most {
			t.Errorf("%s: got %.3f, want %g to %g", c.name, v, c.least, c.most)
		}
	}
}

// Where the paper is as rough as the ink is deep, the ink stays as it was found.
func TestMeasureOnRoughPaper(t *testing.T) {
	page, found := newPlane(60, 60), newPlane(60, 60)
	for k := range page.data {
		page.data[k] = 0.5 + 0.1*float64((k+k/60)%2)
	}
	for i := 28; i < 32; i++ {
		for j := 10; j < 50; j++ {
			page.row(i)[j] -= 0.1
			found.row(i)[j] = 0.8
		}
	}
	if got := measure(page, found); !slices.Equal(got.data, found.data) {
		t.Errorf("got ink of %v in all, want %v, as was found", sum(got.data), sum(found.data))
	}
}
