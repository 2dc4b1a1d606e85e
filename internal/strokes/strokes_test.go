package strokes

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

// A plotter draws a 4, 1000 of its steps high: its pen goes down where a stroke begins,
// then from point to point, and up.
func ExampleDraw() {
	strokes := Draw(rand.New(rand.NewPCG(6, 0)), 4)
	low, high := Bounds(strokes)
	scale := 1000 / (high.Y - low.Y)
	for _, s := range strokes {
		first, last := s[0], s[len(s)-1]
		fmt.Printf("%d points, from %.0f, %.0f to %.0f, %.0f\n", len(s),
			scale*(first.X-low.X), scale*(first.Y-low.Y), scale*(last.X-low.X), scale*(last.Y-low.Y))
	}
	// Output:
	// 61 points, from 659, 23 to 948, 603
	// 25 points, from 671, 0 to 596, 1000
}

// hands are the functions that draw, and the digits that each draws in forms of its own.
var hands = []struct {
	name   string
	draw   func(*rand.Rand, int) [][]Point
	digits []int
	forms  [10][]form
}{
	{"Draw", Draw, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, forms},
	{"DrawEuropean", DrawEuropean, []int{1, 7, 9}, european},
}

// The same chance draws the same strokes, and other chance draws others.
func TestReproducible(t *testing.T) {
	for _, h := range hands {
		for _, digit := range h.digits {
			drawn := h.draw(rand.New(rand.NewPCG(1, 0)), digit)
			if again := h.draw(rand.New(rand.NewPCG(1, 0)), digit); !reflect.DeepEqual(again, drawn) {
				t.Errorf("%s(%d) draws other strokes by the same chance", h.name, digit)
			}
			if other := h.draw(rand.New(rand.NewPCG(2, 0)), digit); reflect.DeepEqual(other, drawn) {
				t.Errorf("%s(%d) draws the same strokes by other chance", h.name, digit)
			}
		}
	}
}

// A European hand writes the other digits as everybody does.
func TestDrawEuropean(t *testing.T) {
	for digit := range 10 {
		same := reflect.DeepEqual(Draw(rand.New(rand.NewPCG(1, 0)), digit), DrawEuropean(rand.New(rand.NewPCG(1, 0)), digit))
		if own := digit == 1 || digit == 7 || digit == 9; same == own {
			t.Errorf("%d is drawn as by Draw: %v, want %v", digit, same, !own)
		}
	}
}

// However chance bends a digit, it is about as high as it should be, not much wider, and
// the points of its strokes follow one another closely.
func TestDraw(t *testing.T) {
	for _, h := range hands {
		for _, digit := range h.digits {
			rng := rand.New(rand.NewPCG(3, 0))
			heights := 0.0
			const n = 500
			for range n {
				strokes := h.draw(rng, digit)
				low, high := Bounds(strokes)
				width, height := high.X-low.X, high.Y-low.Y
				if !(height > 40 && height < 160 && width > 0 && width < 220) { // written so that NaN fails as well
					t.Fatalf("%s(%d): a digit %v wide and %v high", h.name, digit, width, height)
				}
				heights += height
				for _, s := range strokes {
					for i, p := range s[1:] {
						if step := math.Hypot(p.X-s[i].X, p.Y-s[i].Y); step > 16 {
							t.Fatalf("%s(%d): two points of a stroke are %v apart", h.name, digit, step)
						}
					}
				}
			}
			if mean := heights / n; mean < 95 || mean > 110 {
				t.Errorf("%s(%d): digits are %v high on average, want about 100", h.name, digit, mean)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	low, high := Bounds([][]Point{{{3, 4}, {5, -6}}, {{-1, 2}, {4, 7}}})
	if low != (Point{-1, -6}) || high != (Point{5, 7}) {
		t.Errorf("the bounds are %v and %v, want {-1 -6} and {5 7}", low, high)
	}
}

// Forms are picked as often as their weights say.
func TestChoose(t *testing.T) {
	forms := []form{{3, [][]Point{{{0, 0}}}}, {1, [][]Point{{{1, 0}}}}, {4, [][]Point{{{2, 0}}}}}
	rng := rand.New(rand.NewPCG(4, 0))
	var picked [3]float64
	const n = 8000
	for range n {
		picked[int(choose(rng, forms)[0][0].X)]++
	}
	for i, f := range forms {
		if share := 8 * picked[i] / n; math.Abs(share-f.weight) > 0.2 {
			t.Errorf("form %d was picked %.2f times of 8, want %v", i, share, f.weight)
		}
	}
}

// A curve goes through the points given, in their order, and is straight as long as they are.
func TestCurve(t *testing.T) {
	through := []Point{{0, 0}, {30, 30}, {60, 60}, {90, 90}, {100, 40}}
	fine := curve(through)
	next := 0
	for i, p := range fine {
		if next < len(through) && p == through[next] {
			next++
		}
		if next < 3 && p.X != p.Y {
			t.Errorf("point %d of the curve is %v, not on the straight line", i, p)
		}
	}
	if next < len(through) {
		t.Errorf("the curve does not go through %v", through[next])
	}
}

// The tables hold a form, with a weight, of every digit that is to be drawn. Its points lie
// on the paper, where a digit is at most 100 high, and may be wider.
func TestForms(t *testing.T) {
	for _, h := range hands {
		for _, digit := range h.digits {
			if len(h.forms[digit]) == 0 {
				t.Errorf("%s: no form of %d", h.name, digit)
			}
			for i, f := range h.forms[digit] {
				if f.weight <= 0 || len(f.strokes) == 0 {
					t.Errorf("%s(%d), form %d: weight %v, %d strokes", h.name, digit, i, f.weight, len(f.strokes))
				}
				for _, s := range f.strokes {
					if len(s) < 2 {
						t.Errorf("%s(%d), form %d: a stroke of %d points", h.name, digit, i, len(s))
					}
				}
				low, high := Bounds(f.strokes)
				if low.X < 0 || low.Y < 0 || high.X > 130 || high.Y > 100 {
					t.Errorf("%s(%d), form %d: it lies from %v to %v", h.name, digit, i, low, high)
				}
			}
		}
	}
}
