package picture

import "testing"

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
