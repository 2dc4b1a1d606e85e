package picture

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"digits/internal/strokes"
)

// Two more sources of pictures stand beside the scenes of MNIST's digits: the strokes that
// data/generate draws, and digits of straight lines. Both are drawn with a pen of any
// width, on a page of any size, at any place.

// A drawing is a digit as a pen draws it.
type drawing struct {
	digit   int
	strokes [][]strokes.Point // in heights of the digit, its upper left corner at (0, 0)
	width   float64           // of the digit, in its heights, without the pen's
	pen     float64           // how wide the pen is, in heights of the digit
}

// handwritten draws a digit with the strokes of data/generate.
func handwritten(rng *rand.Rand, pen float64) drawing {
	digit := rng.IntN(10)
	return normal(digit, strokes.Draw(rng, digit), pen)
}

// straight draws a 1, 2, 4, 5 or 7 of straight strokes. Each corner is moved a little.
func straight(rng *rand.Rand, pen float64) drawing {
	ways := []struct {
		digit int
		lines [][][2]float64
	}{
		{1, [][][2]float64{{{50, 0}, {50, 100}}}},
		{1, [][][2]float64{{{25, 25}, {50, 0}, {50, 100}}}},
		{2, [][][2]float64{{{0, 5}, {70, 0}, {0, 100}, {75, 100}}}},
		{2, [][][2]float64{arc(35, 30, 33, 180, 400), {{60, 50}, {0, 100}, {75, 100}}}},
		{4, [][][2]float64{{{20, 0}, {0, 60}, {75, 60}}, {{50, 5}, {50, 100}}}},
		{4, [][][2]float64{{{50, 100}, {50, 0}, {0, 65}, {75, 65}}}},
		{5, [][][2]float64{{{60, 0}, {0, 0}, {0, 45}, {60, 45}, {60, 100}, {0, 100}}}},
		{5, [][][2]float64{{{62, 0}, {8, 0}, {4, 42}}, append([][2]float64{{4, 42}}, arc(28, 69, 31, 220, 500)...)}},
		{7, [][][2]float64{{{0, 0}, {65, 0}, {25, 100}}}},
		{7, [][][2]float64{{{0, 0}, {65, 0}, {30, 100}}, {{20, 50}, {68, 50}}}},
	}
	way := ways[rng.IntN(len(ways))]
	slant, squeeze := upTo(rng, -0.05, 0.1), upTo(rng, 0.8, 1.1)
	var moved [][]strokes.Point
	for _, line := range way.lines {
		var s []strokes.Point
		for n, p := range line {
			x, y := p[0], p[1]
			if n == 0 || len(line) <= 10 { // a curve is not moved, but for its start
				x, y = x+upTo(rng, -2, 2), y+upTo(rng, -1.5, 1.5)
			}
			s = append(s, strokes.Point{X: squeeze*x + slant*(100-y), Y: y})
		}
		moved = append(moved, s)
	}
	return normal(way.digit, moved, pen)
}

// arc is a part of a circle, from one angle to another, in degrees clockwise from the right.
func arc(x, y, radius, from, to float64) (points [][2]float64) {
	for n := range 25 {
		sin, cos := math.Sincos((from + (to-from)*float64(n)/24) * math.Pi / 180)
		points = append(points, [2]float64{x + radius*cos, y + radius*sin})
	}
	return points
}

// normal brings strokes to the height 1.
func normal(digit int, lines [][]strokes.Point, pen float64) drawing {
	low, high := strokes.Bounds(lines)
	height := max(high.Y-low.Y, 1)
	for _, line := range lines {
		for n, p := range line {
			line[n] = strokes.Point{X: (p.X - low.X) / height, Y: (p.Y - low.Y) / height}
		}
	}
	return drawing{digit, lines, (high.X - low.X) / height, pen}
}

// on draws the digit on a plane of rows×cols pixels, height pixels high with its pen,
// its upper left corner at (left, top).
func (d drawing) on(rows, cols int, height, left, top float64) *plane {
	ink := newPlane(rows, cols)
	scale := height / (1 + d.pen)
	r := d.pen * scale / 2
	for _, line := range d.strokes {
		for n := 1; n < len(line); n++ {
			x0, y0 := left+r+scale*line[n-1].X, top+r+scale*line[n-1].Y
			x1, y1 := left+r+scale*line[n].X, top+r+scale*line[n].Y
			for i := max(0, int(min(y0, y1)-r-1)); i < min(rows, int(max(y0, y1)+r+2)); i++ {
				for j := max(0, int(min(x0, x1)-r-1)); j < min(cols, int(max(x0, x1)+r+2)); j++ {
					px, py := float64(j)+0.5-x0, float64(i)+0.5-y0
					dx, dy := x1-x0, y1-y0
					t := min(1, max(0, (px*dx+py*dy)/max(dx*dx+dy*dy, 1e-9)))
					dark := min(1, max(0, r+0.5-math.Hypot(px-t*dx, py-t*dy))) * min(1, 2*r)
					ink.data[i*cols+j] = max(ink.data[i*cols+j], dark)
				}
			}
		}
	}
	return ink
}

// direct is what the network would be shown if the picture were nothing but the drawing.
func (d drawing) direct() []float64 {
	h := 200.0
	w := int(h/(1+d.pen)*(d.width+d.pen)) + 2
	ink := d.on(int(h)+2, w, h, 1, 1)
	return centre(fit(part(ink, boxOf(ink))))
}

// A spot is where a drawing is on its page, in pixels.
type spot struct {
	rows, cols        int
	height, left, top float64 // of the digit
	right, bottom     float64
}

// placedOn finds a spot for the drawing on a page with these margins in heights of the digit.
func (d drawing) placedOn(height, left, top, right, bottom float64) spot {
	w := height / (1 + d.pen) * (d.width + d.pen)
	s := spot{height: height, left: left * height, top: top * height}
	s.right, s.bottom = s.left+w, s.top+height
	s.rows, s.cols = max(1, int(s.bottom+bottom*height)), max(1, int(s.right+right*height))
	return s
}

// paintPlane makes a picture of a plane of greys, with a camera's noise.
func paintPlane(rng *rand.Rand, v *plane, sigma float64) image.Image {
	page := image.NewGray(image.Rect(0, 0, v.cols, v.rows))
	for k, g := range v.data {
		if sigma > 0 {
			g += sigma * rng.NormFloat64()
		}
		page.Pix[k] = greyOf(g).(color.Gray).Y
	}
	return page
}

// A shade is how bright the paper is, and how much ink beside the digit there is, at
// pixel (x, y).
type shade func(x, y float64) (paper, ink float64)

// A kind is one kind of pictures of drawings.
type kind struct {
	name string
	draw func(d drawing, rng *rand.Rand) image.Image
}

// shaded draws the drawing at the spot in this shade, black on white mostly.
func (d drawing) shaded(s spot, rng *rand.Rand, of shade, sigma float64) image.Image {
	ink := d.on(s.rows, s.cols, s.height, s.left, s.top)
	dark := upTo(rng, 0.65, 0.95)
	for k, v := range ink.data {
		paper, marks := of(float64(k%s.cols)+0.5, float64(k/s.cols)+0.5)
		ink.data[k] = paper * (1 - dark*max(v, marks))
	}
	return paintPlane(rng, ink, sigma)
}

func whitePaper(x, y float64) (paper, ink float64) { return 1, 0 }

// heightOf is how large a digit is drawn, in pixels.
func heightOf(rng *rand.Rand) float64 { return upTo(rng, 60, 300) }

// withMargins places a drawing with the same margins at all sides, more or less.
func (d drawing) withMargins(rng *rand.Rand, least, most float64) spot {
	m := upTo(rng, least, most)
	side := func() float64 { return m * upTo(rng, 0.8, 1.2) }
	return d.placedOn(heightOf(rng), side(), side(), side(), side())
}

// frameAt is a frame around the spot, so far from it, so thick; ragged in pixels.
func frameAt(s spot, rng *rand.Rand, gap, thick float64, ragged bool) shade {
	edge := make(map[[2]int]float64)
	jag := func(side, at int) float64 {
		k := [2]int{side, at}
		if _, ok := edge[k]; !ok && ragged {
			edge[k] = upTo(rng, -0.3, 0.3) * thick
		}
		return edge[k]
	}
	return func(x, y float64) (float64, float64) {
		d := [4]float64{s.left - gap - x, s.top - gap - y, x - s.right - gap, y - s.bottom - gap} // out of the frame's inside
		n, at := 0, [4]float64{y, x, y, x}
		for k := range d {
			if d[k] > d[n] {
				n = k
			}
		}
		if out := d[n]; out > 0 && out < thick && out > jag(n, int(at[n])) && out < thick-jag(n+4, int(at[n])) {
			return 1, 1
		}
		return 1, 0
	}
}

// framed is a drawing in a frame of any width and distance.
func framed(d drawing, rng *rand.Rand, thin, ragged bool) image.Image {
	gap, thick, out := upTo(rng, 0.08, 0.5), upTo(rng, 0.01, 0.03), upTo(rng, 0, 0.15)
	if !thin {
		thick = upTo(rng, 0.03, 0.08)
	}
	if rng.IntN(4) == 0 {
		out = 0
	}
	m := gap + thick + out
	s := d.placedOn(heightOf(rng), m, m, m, m)
	return d.shaded(s, rng, frameAt(s, rng, gap*s.height, thick*s.height, ragged), 0)
}

// patched is a drawing on a pale patch of a white canvas, or on a light one of a grey.
func patched(d drawing, rng *rand.Rand, patch, canvas float64) image.Image {
	m := [4]float64{}
	for k := range m {
		m[k] = upTo(rng, 0.1, 1)
	}
	s := d.placedOn(heightOf(rng)*0.7, m[0], m[1], m[2], m[3])
	gap := [4]float64{}
	for k := range gap {
		gap[k] = m[k] * s.height * upTo(rng, 0.3, 0.9)
	}
	return d.shaded(s, rng, func(x, y float64) (float64, float64) {
		if x > s.left-gap[0] && y > s.top-gap[1] && x < s.right+gap[2] && y < s.bottom+gap[3] {
			return patch, 0
		}
		return canvas, 0
	}, 0)
}

// linedPaper has lines across, down or both, as dark as ink or not, and a degree or two off.
func linedPaper(s spot, rng *rand.Rand, dark float64, across, down bool) shade {
	apart, thick := s.height*upTo(rng, 0.15, 0.4), max(1, s.height*upTo(rng, 0.008, 0.02))
	tilt, first := upTo(rng, -0.03, 0.03), upTo(rng, 0, apart)
	return func(x, y float64) (float64, float64) {
		u, v := x-tilt*y+40*apart-first, y+tilt*x+40*apart-first
		if across && math.Mod(v, apart) < thick || down && math.Mod(u, apart) < thick {
			return 0.95, dark
		}
		return 0.95, 0
	}
}

// lit is paper in this light, which is given in parts of the picture.
func lit(s spot, l light) shade {
	return func(x, y float64) (float64, float64) { return l(x/float64(s.cols), y/float64(s.rows)), 0 }
}

// kinds are the kinds of pictures of drawings that must be read.
func kinds() []kind {
	on := func(name string, sigma float64, of func(s spot, rng *rand.Rand) shade) kind {
		return kind{name, func(d drawing, rng *rand.Rand) image.Image {
			s := d.withMargins(rng, 0.2, 0.6)
			return d.shaded(s, rng, of(s, rng), sigma)
		}}
	}
	lines := func(name string, dark float64, across, down bool) kind {
		return on(name, 0.01, func(s spot, rng *rand.Rand) shade { return linedPaper(s, rng, dark, across, down) })
	}
	return []kind{
		{"close crop", func(d drawing, rng *rand.Rand) image.Image {
			return d.shaded(d.withMargins(rng, 0, 0.1), rng, whitePaper, 0)
		}},
		{"no margin", func(d drawing, rng *rand.Rand) image.Image {
			return d.shaded(d.withMargins(rng, 0, 0), rng, whitePaper, 0)
		}},
		{"plain", func(d drawing, rng *rand.Rand) image.Image {
			return d.shaded(d.withMargins(rng, 0.1, 0.5), rng, whitePaper, 0)
		}},
		{"light on dark", func(d drawing, rng *rand.Rand) image.Image {
			img := d.shaded(d.withMargins(rng, 0.02, 0.5), rng, whitePaper, 0).(*image.Gray)
			for k := range img.Pix {
				img.Pix[k] = 255 - img.Pix[k]
			}
			return img
		}},
		{"wide page", func(d drawing, rng *rand.Rand) image.Image {
			m := upTo(rng, 0.02, 0.2)
			s := d.placedOn(heightOf(rng), upTo(rng, 0.2, 0.8), m, upTo(rng, 0.2, 0.8), m)
			return d.shaded(s, rng, whitePaper, 0)
		}},
		{"thin frame", func(d drawing, rng *rand.Rand) image.Image { return framed(d, rng, true, false) }},
		{"thick frame", func(d drawing, rng *rand.Rand) image.Image { return framed(d, rng, false, false) }},
		{"ragged frame", func(d drawing, rng *rand.Rand) image.Image { return framed(d, rng, false, true) }},
		{"pale patch", func(d drawing, rng *rand.Rand) image.Image { return patched(d, rng, upTo(rng, 0.75, 0.93), 1) }},
		{"light patch", func(d drawing, rng *rand.Rand) image.Image { return patched(d, rng, 1, upTo(rng, 0.75, 0.93)) }},
		lines("ruled, light", 0.3, true, false), lines("ruled, dark", 0.9, true, false),
		lines("squared, light", 0.3, true, true), lines("squared, dark", 0.9, true, true),
		on("margin line", 0.01, func(s spot, rng *rand.Rand) shade {
			at, thick := upTo(rng, 0.1, 0.4)*float64(s.cols), max(1, s.height*upTo(rng, 0.01, 0.025))
			return func(x, y float64) (float64, float64) {
				if x > at && x < at+thick {
					return 0.95, 0.7
				}
				return 0.95, 0
			}
		}),
		on("underlined", 0.01, func(s spot, rng *rand.Rand) shade {
			gap, thick := s.height*upTo(rng, -0.02, 0.12), max(1, s.height*upTo(rng, 0.01, 0.03))
			left, right := s.left*upTo(rng, 0, 0.6), float64(s.cols)-(float64(s.cols)-s.right)*upTo(rng, 0, 0.6)
			return func(x, y float64) (float64, float64) {
				if v := y - s.bottom - gap; v > 0 && v < thick && x > left && x < right {
					return 1, 1
				}
				return 1, 0
			}
		}),
		on("soft shadow", 0.01, func(s spot, rng *rand.Rand) shade { return lit(s, softShadow(rng)) }),
		on("lamp", 0.01, func(s spot, rng *rand.Rand) shade { return lit(s, lamp(rng)) }),
		on("grain", 0.05, func(s spot, rng *rand.Rand) shade { return lit(s, even) }),
		on("show-through", 0.01, func(s spot, rng *rand.Rand) shade {
			other := handwritten(rng, upTo(rng, 0.03, 0.1))
			back := other.on(s.rows, s.cols, s.height*upTo(rng, 0.7, 1.2), s.left+upTo(rng, -0.4, 0.4)*s.height, s.top+upTo(rng, -0.3, 0.3)*s.height)
			pale := upTo(rng, 0.08, 0.25)
			return func(x, y float64) (float64, float64) {
				return 0.95 * (1 - pale*back.at(int(y), s.cols-1-int(x))), 0
			}
		}),
	}
}

// none are the kinds of pictures without a digit, or with several.
func none() []kind {
	nothing := drawing{pen: 0.05, width: 0.6}
	return []kind{
		{"empty frame", func(_ drawing, rng *rand.Rand) image.Image { return framed(nothing, rng, rng.IntN(2) == 0, false) }},
		{"empty patch", func(_ drawing, rng *rand.Rand) image.Image { return patched(nothing, rng, upTo(rng, 0.75, 0.93), 1) }},
		{"grain alone", func(_ drawing, rng *rand.Rand) image.Image {
			s := nothing.withMargins(rng, 0.2, 0.6)
			return nothing.shaded(s, rng, lit(s, even), upTo(rng, 0.02, 0.1))
		}},
		{"side by side", func(d drawing, rng *rand.Rand) image.Image { return pair(d, rng, true, 300) }},
		{"one above the other", func(d drawing, rng *rand.Rand) image.Image { return pair(d, rng, false, 300) }},
		{"two in 28×28", func(d drawing, rng *rand.Rand) image.Image { return pair(d, rng, true, 28) }},
	}
}

// pair draws two digits on a page of at most so many pixels.
func pair(d drawing, rng *rand.Rand, beside bool, size float64) image.Image {
	e := handwritten(rng, d.pen)
	if rng.IntN(2) == 0 {
		e = straight(rng, d.pen)
	}
	gap := upTo(rng, 0.08, 0.3)
	const m = 0.1 // margin
	w := func(d drawing) float64 { return (d.width + d.pen) / (1 + d.pen) }
	cols, rows := 2*m+max(w(d), w(e)), 2*m+2+gap
	if beside {
		cols, rows = 2*m+w(d)+w(e)+gap, 2*m+1
	}
	h := size / max(cols, rows)
	page := d.on(int(h*rows), int(h*cols), h, m*h, m*h)
	left, top := m*h, (m+1+gap)*h
	if beside {
		left, top = (m+w(d)+gap)*h, m*h
	}
	second := e.on(page.rows, page.cols, h, left, top)
	for k, v := range second.data {
		page.data[k] = 1 - 0.9*max(page.data[k], v)
	}
	return paintPlane(rng, page, 0)
}
