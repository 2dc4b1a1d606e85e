package distort

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// imageOf returns the image of these pixels.
func imageOf(pixels []float64) (image Image) {
	for k, v := range pixels {
		if v != 0 {
			image.Where, image.Value = append(image.Where, uint16(k)), append(image.Value, float32(v))
		}
	}
	return image
}

// pixelsOf returns the pixels of an image. It fails if they are not listed as they must be.
func pixelsOf(t *testing.T, image Image, width int) []float64 {
	t.Helper()
	pixels := make([]float64, width*width)
	for q, k := range image.Where {
		if v := image.Value[q]; q > 0 && k <= image.Where[q-1] || v == 0 {
			t.Fatalf("pixel %d of the list is %v, in place %d: want the places ascending, and no 0", q, v, k)
		}
		pixels[k] = float64(image.Value[q])
	}
	return pixels
}

// random returns an image in which about every third pixel is not 0, and pixels in all four
// corners.
func random(width int, rng *rand.Rand) Image {
	pixels := make([]float64, width*width)
	for k := range pixels {
		if rng.IntN(3) == 0 {
			pixels[k] = rng.Float64()
		}
	}
	n := width * width
	for _, k := range []int{0, width - 1, n - width, n - 1} {
		pixels[k] = 1
	}
	return imageOf(pixels)
}

// bSpline is the cubic B-spline, so far from its middle: the weight that a number of the grid
// has at this distance.
func bSpline(distance float64) float64 {
	switch d := math.Abs(distance); {
	case d < 1:
		return 2./3 - d*d + d*d*d/2
	case d < 2:
		return (2 - d) * (2 - d) * (2 - d) / 6
	}
	return 0
}

// forward returns where a point of the old image goes, as the package's comment has it.
func forward(c *change, x, y float64) (float64, float64) {
	x, y = c.scaleX*x, c.scaleY*y
	x = x + c.shear*y
	x, y = math.Cos(c.angle)*x-math.Sin(c.angle)*y, math.Sin(c.angle)*x+math.Cos(c.angle)*y
	return x + c.moveX, y + c.moveY
}

// plain distorts pixels as the package's comment says, and as slowly as possible: the way back
// is found from where three points go, and every number of the grid and every pixel is asked for its part.
func plain(c *change, pixels []float64, width int) []float64 {
	centre := float64(width-1) / 2
	x0, y0 := forward(c, 0, 0)
	x1, y1 := forward(c, 1, 0)
	x2, y2 := forward(c, 0, 1)
	x1, y1, x2, y2 = x1-x0, y1-y0, x2-x0, y2-y0
	det := x1*y2 - x2*y1
	result := make([]float64, width*width)
	for k := range result {
		x, y := float64(k%width)-centre-x0, float64(k/width)-centre-y0
		x, y = (x*y2-y*x2)/det+centre, (y*x1-x*y1)/det+centre
		for n := range grid * grid {
			// Line 1 of the grid is the left or upper border of the image, line grid−2 the other one.
			across := (float64(k%width)+0.5)/float64(width)*(grid-3) - float64(n%grid-1)
			down := (float64(k/width)+0.5)/float64(width)*(grid-3) - float64(n/grid-1)
			x += bSpline(across) * bSpline(down) * c.gridX[n]
			y += bSpline(across) * bSpline(down) * c.gridY[n]
		}
		for old, v := range pixels {
			near := max(0, 1-math.Abs(x-float64(old%width))) * max(0, 1-math.Abs(y-float64(old/width)))
			result[k] += v * near
		}
	}
	return result
}

// check distorts two images as they are drawn, and compares them with plain.
func check(t *testing.T, width int, strength float64, seed uint64) {
	t.Helper()
	rng := newRand(seed)
	d := New(width, 0, strength)
	for range 2 { // the second time in the memory of the first
		d.Draw(2, rng)
		for i := range 2 {
			image := random(width, rng)
			got := pixelsOf(t, d.Distort(i, image), width)
			for k, want := range plain(&d.changes[i], pixelsOf(t, image, width), width) {
				if !(math.Abs(got[k]-want) < 1e-5) {
					t.Fatalf("width %d, strength %v, seed %d, image %d: pixel %d is %v, want %v", width, strength, seed, i, k, got[k], want)
				}
			}
		}
	}
}

func TestDistort(t *testing.T) {
	for _, width := range []int{1, 2, 3, 7, 8, 20, 28, 33} {
		for seed, strength := range []float64{0.1, 0.5, 1, 1.5, MaxStrength} {
			check(t, width, strength, uint64(seed))
		}
	}
}

func FuzzDistort(f *testing.F) {
	f.Add(uint8(28), 1.0, uint64(1))
	f.Add(uint8(1), 5.0, uint64(2))
	f.Fuzz(func(t *testing.T, width uint8, strength float64, seed uint64) {
		if !(strength > 0 && strength <= MaxStrength) || width%40 == 0 {
			return
		}
		check(t, int(width%40), strength, seed)
	})
}

// With no change the bits of the image stay: those of a pixel in a corner too.
func TestNothing(t *testing.T) {
	for _, width := range []int{1, 2, 28, 31} {
		image := random(width, newRand(1))
		d := New(width, 0, 0)
		d.Draw(1, newRand(1))
		if got := d.Distort(0, image); !reflect.DeepEqual(got, image) {
			t.Errorf("width %d: strength 0 changes the image", width)
		}
		c := change{scaleX: 1, scaleY: 1}
		if got := c.distort(image, width, d.weights); !reflect.DeepEqual(got, image) {
			t.Errorf("width %d: distorted by nothing, the image is another one", width)
		}
	}
}

// One bright pixel goes where the formula says.
func TestPixel(t *testing.T) {
	const width, degree = 28, math.Pi / 180
	d := New(width, 0, 1)
	for name, c := range map[string]change{
		"turned 8°":           {scaleX: 1, scaleY: 1, angle: 8 * degree},
		"turned −90°":         {scaleX: 1, scaleY: 1, angle: -90 * degree},
		"wider":               {scaleX: 1.1, scaleY: 1},
		"flatter":             {scaleX: 1, scaleY: 0.9},
		"sheared":             {scaleX: 1, scaleY: 1, shear: 0.08},
		"moved right":         {scaleX: 1, scaleY: 1, moveX: 0.75},
		"moved up":            {scaleX: 1, scaleY: 1, moveY: -1.25},
		"scaled, then turned": {scaleX: 0.9, scaleY: 1.1, angle: 30 * degree},
		"all":                 {scaleX: 1.1, scaleY: 0.95, shear: 0.3, angle: 20 * degree, moveX: 0.5, moveY: 0.25},
	} {
		for _, place := range [][2]int{{20, 6}, {7, 10}, {14, 22}, {3, 14}} {
			image := Image{[]uint16{uint16(place[1]*width + place[0])}, []float32{1}}
			x, y, sum := 0.0, 0.0, 0.0
			for k, v := range pixelsOf(t, c.distort(image, width, d.weights), width) {
				x, y, sum = x+v*float64(k%width), y+v*float64(k/width), sum+v
			}
			const centre = (width - 1) / 2.0
			wantX, wantY := forward(&c, float64(place[0])-centre, float64(place[1])-centre)
			x, y = x/sum-centre, y/sum-centre
			if !(math.Hypot(x-wantX, y-wantY) < 0.2) {
				t.Errorf("%s: the pixel in column %d, row %d goes to (%.2f, %.2f) from the centre, want (%.2f, %.2f)",
					name, place[0], place[1], x, y, wantX, wantY)
			}
		}
	}
}

// What is drawn has the mean and the spread that the package's comment says, and no two things
// that are drawn for an image are correlated.
func TestSpread(t *testing.T) {
	const images, width, strength = 10_000, 56, 0.5 // so lengths are as for 28 and 1
	d := New(width, 0, strength)
	d.Draw(images, newRand(1))
	samples := map[string][]float64{}
	add := func(name string, v float64) { samples[name] = append(samples[name], v) }
	var dx, dy [grid]float64
	for i := range d.changes {
		c := &d.changes[i]
		for _, k := range []int{1, 17, 28, 40, 55} { // on a diagonal of the image
			c.weighRow(&d.weights[k], &dx, &dy)
			add(fmt.Sprintf("dx%02d", k), d.weights[k].mean(&dx))
			add(fmt.Sprintf("dy%02d", k), d.weights[k].mean(&dy))
		}
		add("scaleX", c.scaleX-1)
		add("scaleY", c.scaleY-1)
		add("shear", c.shear)
		add("angle", c.angle*180/math.Pi)
		add("moveX", c.moveX)
		add("moveY", c.moveY)
	}
	for name, want := range map[string]float64{ // the limits of a uniform distribution, times 1/√3 in the spread
		"scaleX": 0.05, "scaleY": 0.05, "shear": 0.04, "angle": 4, "moveX": 1, "moveY": 1,
	} {
		if m, s := spread(samples[name]); math.Abs(m) > want/30 || math.Abs(s/want*math.Sqrt(3)-1) > 0.03 ||
			slices.Max(samples[name]) > want || slices.Min(samples[name]) < -want {
			t.Errorf("%s: mean %.4f, standard deviation %.4f, %.4f to %.4f, want uniform from %v to %v",
				name, m, s, slices.Min(samples[name]), slices.Max(samples[name]), -want, want)
		}
	}
	squares := 0.0
	for i, s := range d.weights {
		sum := 0.0
		for _, w := range s.w {
			sum, squares = sum+w, squares+w*w/width
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("the weights of pixel %d have the sum %v, want 1", i, sum)
		}
	}
	if math.Abs(squares/(151./315)-1) > 0.01 {
		t.Errorf("the squares of the weights have the sum %.4f in the mean, want 151/315", squares)
	}
	for _, k := range []int{1, 17, 28, 40, 55} {
		sum := 0.0 // of the squares of the weights: 151/315 in the mean
		for _, w := range d.weights[k].w {
			sum += w * w
		}
		want := 0.9 * sum / (151. / 315) // in pixels: the spread at this place
		for _, name := range []string{"dx", "dy"} {
			if m, s := spread(samples[fmt.Sprintf("%s%02d", name, k)]); math.Abs(m) > 0.03 || math.Abs(s/want-1) > 0.03 {
				t.Errorf("%s at pixel %d of the diagonal: mean %.4f, standard deviation %.4f, want 0 and %.4f", name, k, m, s, want)
			}
		}
	}
	for a := range samples {
		for b := range samples {
			if a[0] == 'd' && a[:2] == b[:2] {
				continue // one displacement at two places
			}
			if c := correlation(samples[a], samples[b]); a != b && math.Abs(c) > 0.05 {
				t.Errorf("%s and %s: correlation %.3f, want none", a, b, c)
			}
		}
	}
}

// spread returns the mean and the standard deviation of v.
func spread(v []float64) (mean, deviation float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		deviation += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, math.Sqrt(deviation)
}

func correlation(a, b []float64) float64 {
	meanA, deviationA := spread(a)
	meanB, deviationB := spread(b)
	sum := 0.0
	for i := range a {
		sum += (a[i] - meanA) * (b[i] - meanB)
	}
	return sum / deviationA / deviationB / float64(len(a))
}

// An image is shifted by as many whole pixels as are drawn for it, and all ways to do that
// occur. The old image stays as it is.
func TestShift(t *testing.T) {
	const w = 4
	ink := make([]float64, w*w)
	for k := range ink {
		ink[k] = float64(k+1) / 32
	}
	image := imageOf(ink)
	for n := range w {
		d, rng, draws, seen := New(w, n, 0), newRand(1), newRand(1), map[[2]int]bool{}
		for range 1000 {
			d.Draw(2, rng)
			for i := range 2 {
				right, down := 0, 0
				if n > 0 {
					right, down = draws.IntN(2*n+1)-n, draws.IntN(2*n+1)-n
				}
				seen[[2]int{right, down}] = true
				for k, got := range pixelsOf(t, d.Distort(i, image), w) {
					want, y, x := 0.0, k/w-down, k%w-right
					if 0 <= y && y < w && 0 <= x && x < w {
						want = ink[y*w+x]
					}
					if got != want {
						t.Fatalf("moved %d to the right and %d down: row %d, column %d is %v, want %v", right, down, k/w, k%w, got, want)
					}
				}
			}
		}
		if want := (2*n + 1) * (2*n + 1); len(seen) != want {
			t.Errorf("by up to %d pixels, images move in %d ways, want %d", n, len(seen), want)
		}
	}
	if !reflect.DeepEqual(image, imageOf(ink)) {
		t.Error("the image itself was moved")
	}
}

// With both, an image is first shifted, then distorted; and neither changes the old image.
func TestShiftAndDistort(t *testing.T) {
	image, d := random(28, newRand(1)), New(28, 2, 1)
	copied := Image{slices.Clone(image.Where), slices.Clone(image.Value)}
	d.Draw(3, newRand(2))
	for i := range 3 {
		got := pixelsOf(t, d.Distort(i, image), 28)
		c := d.changes[i]
		if c.right == 0 && c.down == 0 || c.scaleX == 0 || c.angle == 0 {
			t.Errorf("image %d: not both are drawn: %+v", i, c)
		}
		want := pixelsOf(t, c.distort(c.shift(image, 28), 28, d.weights), 28)
		if !slices.Equal(got, want) {
			t.Errorf("image %d is not first shifted, then distorted", i)
		}
	}
	if !reflect.DeepEqual(image, copied) {
		t.Error("the old image has changed")
	}
}

// Distort computes, and draws nothing: the order of the calls makes no difference.
func TestOrder(t *testing.T) {
	image := random(28, newRand(1))
	var all [2][]float64
	for n, order := range [][]int{{0, 1, 2}, {2, 0, 1}} {
		d := New(28, 1, 1)
		d.Draw(3, newRand(2))
		results := make([][]float64, 3)
		for _, i := range order {
			results[i] = pixelsOf(t, d.Distort(i, image), 28)
		}
		all[n] = slices.Concat(results...)
	}
	if !slices.Equal(all[0], all[1]) {
		t.Error("in another order the images are others")
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		width, shift int
		strength     float64
	}{{0, 0, 0}, {257, 0, 1}, {4, 4, 0}, {4, -1, 0}, {4, 0, -0.1}, {4, 0, MaxStrength + 0.1}, {4, 0, math.NaN()}} {
		func() {
			defer func() {
				if s := fmt.Sprint(recover()); !strings.HasPrefix(s, "distort: New: a shift of ") {
					t.Errorf("New(%d, %d, %v) panics with %v", c.width, c.shift, c.strength, s)
				}
			}()
			New(c.width, c.shift, c.strength)
		}()
	}
	New(256, 255, MaxStrength)
}

// A distortion is much more work than a shift, and both are work for cores to share.
func TestWork(t *testing.T) {
	if shift, both := New(28, 1, 0).Work(10), New(28, 1, 1).Work(10); shift < 1000 || both < 20*shift {
		t.Errorf("a shift of 10 images takes %d multiplications, with a distortion %d", shift, both)
	}
}

func TestAllocatesNothing(t *testing.T) {
	image, d, rng := random(28, newRand(1)), New(28, 1, 1), newRand(2)
	if n := testing.AllocsPerRun(100, func() {
		d.Draw(2, rng)
		for i := range 2 {
			d.Distort(i, image)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkDistort(b *testing.B) {
	two := make([]float64, 784)
	for k := range two {
		if x, y := k%28, k/28; x >= 6 && x < 22 && y >= 4 && y < 24 && (x+y)%2 == 0 { // as much ink as a digit has
			two[k] = 0.5
		}
	}
	image, rng := imageOf(two), newRand(1)
	for _, c := range []struct {
		name string
		d    *Distorter
	}{{"shift 1", New(28, 1, 0)}, {"strength 1", New(28, 0, 1)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				c.d.Draw(1, rng)
				c.d.Distort(0, image)
			}
		})
	}
}
