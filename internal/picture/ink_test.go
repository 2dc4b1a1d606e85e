package picture

import (
	"slices"
	"testing"
)

func TestOtsu(t *testing.T) {
	if got := otsu([]float64{0.1, 0.9, 0.1, 0.15, 0.9, 0.1}); got < 0.15 || got >= 0.9 {
		t.Errorf("got %v, want a threshold of 0.15 or more, and less than 0.9", got)
	}
}

// Water stands as high as the lowest pass on its way out, also by corners, and
// higher if there are walls around the picture.
func TestFlood(t *testing.T) {
	land := drawn(
		"99999",
		"91999",
		"99296", // the pass is the 6
		"99939",
		"99999",
	)
	checkPlane(t, "without walls", flood(land, noWalls), drawn(".....", ".5...", "..4..", "...3.", "....."))
	checkPlane(t, "with walls", flood(land, 0.8), drawn(".....", ".7...", "..6.2", "...5.", "....."))
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
