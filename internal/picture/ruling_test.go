package picture

import (
	"image"
	"slices"
	"testing"
)

// Hollows lower than three pixels are filled, also at the border, and no others.
func TestClosed(t *testing.T) {
	for _, c := range []struct{ column, want []float64 }{
		{[]float64{1, 0, 1, 1, 1}, []float64{1, 1, 1, 1, 1}},
		{[]float64{1, 0, 0.2, 0.5, 1}, []float64{1, 0.5, 0.5, 0.5, 1}},
		{[]float64{1, 0, 0, 0.5, 0.6}, []float64{1, 0.5, 0.5, 0.5, 0.6}},
		{[]float64{0, 0.4, 1, 1, 0}, []float64{1, 1, 1, 1, 1}},
		{[]float64{0, 0, 0, 1, 1}, []float64{0, 0, 0, 1, 1}},
		{[]float64{0.2, 0.7}, []float64{0.7, 0.7}},
	} {
		p := &plane{len(c.column), 1, c.column}
		if got := closed(p, 3).data; !slices.Equal(got, c.want) {
			t.Errorf("closed(%v, 3) = %v, want %v", c.column, got, c.want)
		}
	}
}

// A line is erased if it is long enough: half as long as the page is wide if it lies
// across; down two thirds as high, or, if it ends before the border, three quarters.
func TestEraseRuling(t *testing.T) {
	for _, c := range []struct {
		name  string
		want  bool
		boxes []image.Rectangle
	}{
		{"across", true, []image.Rectangle{image.Rect(20, 40, 75, 42)}},
		{"across, with a gap", true, []image.Rectangle{image.Rect(10, 40, 32, 42), image.Rect(54, 40, 76, 42)}},
		{"across, with a wide gap", false, []image.Rectangle{image.Rect(0, 40, 32, 42), image.Rect(68, 40, 100, 42)}},
		{"across, short", false, []image.Rectangle{image.Rect(25, 40, 65, 42)}},
		{"across, thick", false, []image.Rectangle{image.Rect(0, 40, 100, 47)}},
		{"down, from the border", true, []image.Rectangle{image.Rect(30, 0, 32, 70)}},
		{"down, from the border, short", false, []image.Rectangle{image.Rect(30, 0, 32, 60)}},
		{"down, free", true, []image.Rectangle{image.Rect(30, 10, 32, 90)}},
		{"down, free, short", false, []image.Rectangle{image.Rect(30, 15, 32, 85)}},
	} {
		page := newPlane(100, 100)
		for k := range page.data {
			page.data[k] = 0.9
		}
		blank := &plane{100, 100, slices.Clone(page.data)}
		fill(page, 0.2, c.boxes...)
		got, found := eraseRuling(page)
		if found != c.want {
			t.Errorf("%s: got found = %v, want %v", c.name, found, c.want)
		} else if found {
			checkPlane(t, c.name, got, blank)
		} else {
			checkPlane(t, c.name, got, page)
		}
	}
}
