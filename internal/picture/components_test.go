package picture

import (
	"image"
	"slices"
	"testing"
)

// Pixels that touch, if only by their corners, are of one component.
func TestComponents(t *testing.T) {
	label, list := components(drawn(
		"#.5...",
		"#.#..5",
		"###...",
		"...#..",
		"......",
	))
	wantLabel := []int{
		1, 0, 1, 0, 0, 0,
		1, 0, 1, 0, 0, 2,
		1, 1, 1, 0, 0, 0,
		0, 0, 0, 1, 0, 0,
		0, 0, 0, 0, 0, 0,
	}
	wantList := []component{{}, {7.5, image.Rect(0, 0, 4, 4)}, {0.5, image.Rect(5, 1, 6, 2)}}
	if !slices.Equal(label, wantLabel) || !slices.Equal(list, wantList) {
		t.Errorf("got %v and %v, want %v and %v", label, list, wantLabel, wantList)
	}
}

// Several digits stand beside each other, or one above the other. Strokes inside each other, and
// what is low, are none.
func TestCheckOne(t *testing.T) {
	const two, three = "this seems to hold 2 digits; crop to one", "this seems to hold 3 digits; crop to one"
	for _, c := range []struct {
		name, want string
		boxes      []image.Rectangle
	}{
		{"nothing", errNothing.Message, nil},
		{"one", "", []image.Rectangle{image.Rect(5, 5, 25, 45)}},
		{"two", two, []image.Rectangle{image.Rect(5, 5, 25, 45), image.Rect(35, 10, 50, 40)}},
		{"three", three, []image.Rectangle{image.Rect(35, 10, 50, 40), image.Rect(5, 5, 25, 45), image.Rect(60, 5, 70, 45)}},
		{"a gap of a tenth of the height", "", []image.Rectangle{image.Rect(5, 5, 25, 45), image.Rect(29, 10, 50, 42)}},
		{"both high, any gap", two, []image.Rectangle{image.Rect(5, 5, 25, 45), image.Rect(26, 10, 50, 43)}},
		{"both high, no gap", "", []image.Rectangle{image.Rect(5, 5, 25, 45), image.Rect(24, 10, 50, 43)}},
		{"a wider gap", two, []image.Rectangle{image.Rect(5, 5, 25, 45), image.Rect(30, 10, 50, 40)}},
		{"one beside a low one", "", []image.Rectangle{image.Rect(5, 5, 25, 45), image.Rect(35, 10, 50, 33)}},
		{"a stroke inside another, and one close to that", "", []image.Rectangle{image.Rect(5, 5, 60, 10), image.Rect(5, 5, 10, 55),
			image.Rect(5, 50, 60, 55), image.Rect(20, 12, 26, 48), image.Rect(62, 12, 66, 48)}},
		{"one above the other", two, []image.Rectangle{image.Rect(5, 5, 25, 30), image.Rect(10, 40, 25, 65)}},
		{"one close above the other", "", []image.Rectangle{image.Rect(5, 5, 25, 30), image.Rect(10, 32, 25, 57)}},
		{"two under a wide one", two,
			[]image.Rectangle{image.Rect(5, 5, 55, 30), image.Rect(10, 40, 15, 65), image.Rect(45, 40, 60, 65)}},
	} {
		ink := newPlane(80, 80)
		fill(ink, 1, c.boxes...)
		got := ""
		if err := checkOne(ink); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got the error %q, want %q", c.name, got, c.want)
		}
	}
}

// Dust is less than 1/20 of the largest component.
func TestWithoutDust(t *testing.T) {
	ink := newPlane(20, 30)
	fill(ink, 1, image.Rect(0, 0, 10, 10), image.Rect(12, 0, 17, 1), image.Rect(12, 4, 16, 5))
	if got := withoutDust(ink); got.row(0)[12] != 1 || got.row(4)[12] != 0 || got.row(9)[9] != 1 {
		t.Error("of components of 100, 5 and 4 pixels the first two are not all that is left")
	}
}
