package picture

import (
	"image"
	"math"
	"slices"
)

// This file finds long thin straight lines and erases them, so that ruling is no ink. Of
// such a line alone nobody can tell whether it is ruling or a stroke, as the foot of a 2 is.
// It is looked at beside the digit that is left when all lines are erased (certain).

// How long a line must be, in widths of the picture, or in heights if it runs down.
const (
	shortest = 0.45 // any line: that of a margin may be covered by the digit for half of its length
	hidden   = 0.3  // a line on paper on which there is a family; a thick stroke may lie along it
)

// aFamily is how many lines from border to border are ruling, whatever the digit is: a 3
// without a margin has three strokes that go from border to border.
const aFamily = 4

// A ruling is lines of a picture.
type ruling struct {
	picture *plane
	lines   [4][]line // dark ones across and down, then light ones across and down
}

// findRuling finds the lines of a picture.
func findRuling(p *plane) *ruling {
	r := &ruling{picture: p}
	r.walk(func(direction int, p *plane) { r.lines[direction] = findLines(p) })
	return r
}

// walk erases the lines, one direction after the other. Where a line was, the picture
// goes evenly from what is on one side of it, paper or digit, to what is on the other. Before
// each direction it calls see with the picture that is left, turned so that these lines are dark and
// lie across. It returns the picture without lines, and its negative.
func (r *ruling) walk(see func(direction int, p *plane)) (ways [2]*plane) {
	p := r.picture
	for direction := range r.lines {
		see(direction, p)
		if lines := r.lines[direction]; len(lines) > 0 {
			marks := newPlane(p.rows, p.cols)
			for _, l := range lines {
				for _, k := range l.pixels {
					marks.data[k] = 1
				}
			}
			p = bridged(p, marks)
		}
		p = transposed(p)
		if direction%2 == 1 { // upright again
			p = inverted(p)
		}
	}
	return [2]*plane{p, inverted(p)}
}

// erased returns the picture without the lines, and its negative.
func (r *ruling) erased() (ways [2]*plane) { return r.walk(func(int, *plane) {}) }

// count returns how many lines there are.
func (r *ruling) count() (n int) {
	for _, lines := range r.lines {
		n += len(lines)
	}
	return n
}

// certain returns the lines that cannot be strokes of the digit, which is what has been
// found without any of them: a family, and each line that sticks out beyond the digit at
// both ends. Where nothing has been found without them, the digit is nil. Then a single line
// may be a 1, unless it goes from border to border, but two in one direction are no digit.
func (r *ruling) certain(digit *finding) *ruling {
	certain := &ruling{picture: r.picture}
	for direction, lines := range r.lines {
		spanning := 0
		for _, l := range lines {
			if l.spans() {
				spanning++
			}
		}
		for _, l := range lines {
			isRuling := len(lines) > 1 || l.spans()
			if digit != nil {
				box := digit.box
				if direction%2 == 1 {
					box = image.Rect(box.Min.Y, box.Min.X, box.Max.Y, box.Max.X)
				}
				isRuling = spanning >= aFamily && l.spans() || l.sticksOut(box)
			}
			if isRuling {
				certain.lines[direction] = append(certain.lines[direction], l)
			}
		}
	}
	return certain
}

// A line lies across a picture. In column x it is in row y + drop[x], or close by. In the
// middle of the picture, drop is 0.
type line struct {
	y      int
	drop   []int
	votes  int   // how many thin pixels are in these rows
	pixels []int // that it is made of, once taken, column after column
}

// spans reports whether the line goes from the left border of the picture to the right one.
func (l *line) spans() bool {
	n := len(l.drop)
	border := max(2, n/50)
	return l.covers(0, border) && l.covers(n-border, n)
}

// sticksOut reports whether the line goes on beyond the box of the digit, at both ends:
// by a quarter of its width, as the foot of a 2 may go on by less; or by 1/24, and three pixels, if
// it does not touch the digit.
func (l *line) sticksOut(box image.Rectangle) bool {
	n := len(l.drop)
	more, close := max(3, box.Dx()/24), box.Inset(-n/50)
	if slices.ContainsFunc(l.pixels, func(k int) bool { return image.Pt(k%n, k/n).In(close) }) {
		more = box.Dx() / 4
	}
	return l.covers(box.Min.X-more, box.Min.X) && l.covers(box.Max.X, box.Max.X+more) &&
		box.Min.X > more/2 && box.Max.X < n-more/2 // there is paper beside the digit
}

// covers reports whether the line is in three quarters of these columns, as far as they
// are in the picture.
func (l *line) covers(from, to int) bool {
	from, to = max(from, 0), min(to, len(l.drop))
	count, last := 0, -1
	for _, k := range l.pixels {
		if x := k % len(l.drop); x != last && x >= from && x < to {
			count, last = count+1, x
		}
	}
	return from < to && count*4 >= 3*(to-from)
}

// findLines returns the lines that lie across, within a few degrees of level. Every thin
// pixel votes for the line of each slope that it is on, as in Hough's transform. The
// line with most votes takes its pixels first; what is left must do for the others.
func findLines(p *plane) (found []line) {
	thin := thinLines(p)
	width, steep := float64(thin.cols), thin.cols/14 // how far a line rises or falls at most: four degrees
	var candidates []line
	for fall := -steep; fall <= steep; fall++ {
		drop, votes := make([]int, thin.cols), make([]int, thin.rows)
		for x := range drop {
			drop[x] = int(math.Round(float64(fall) * (float64(x)/width - 0.5)))
		}
		for i := range thin.rows {
			for x, v := range thin.row(i) {
				if y := i - drop[x]; v > 0 && y >= 0 && y < thin.rows {
					votes[y]++
				}
			}
		}
		for y, n := range votes {
			if float64(n) > hidden*width {
				candidates = append(candidates, line{y: y, drop: drop, votes: n})
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b line) int { return b.votes - a.votes })
	for _, l := range candidates {
		least := shortest
		if len(found) >= aFamily {
			least = hidden
		}
		if l.take(thin, least*width) {
			found = append(found, l)
		}
	}
	return found
}

// thinLines returns by how much a pixel is darker than something above it and
// something below it, neither of them far away, or 0 if that is no more than noise makes.
func thinLines(p *plane) *plane {
	const thickest, faintest = 40, 0.04 // a line is thinner than 1/40 of the picture, and deeper than 0.04
	depth := closed(p, max(p.rows, p.cols)/thickest+1)
	for k, v := range p.data {
		depth.data[k] -= v
	}
	least := max(faintest, 4*quantile(depth.data, 0.5)) // more than grain makes
	for k, d := range depth.data {
		if d <= least {
			depth.data[k] = 0
		}
	}
	return depth
}

// closed returns p with hollows filled that are fewer than n pixels high, which
// image processing calls closing. Each window of n pixels, one below the other, has
// a maximum, and a pixel becomes the least maximum of the windows that it is in.
// With n = 3, a column of 1 0 0.2 0.5 1 becomes 1 0.5 0.5 0.5 1. Beyond the border all is 0,
// so a hollow at the border stays.
func closed(p *plane, n int) *plane {
	highest, out := newPlane(p.rows+n-1, p.cols), newPlane(p.rows, p.cols)
	for i := range highest.rows { // the maxima of the windows that end in row i
		row := highest.row(i)
		for y := max(0, i-n+1); y <= min(i, p.rows-1); y++ {
			for j, v := range p.row(y) {
				row[j] = max(row[j], v)
			}
		}
	}
	for i := range p.rows {
		row := out.row(i)
		copy(row, highest.row(i))
		for y := i + 1; y < i+n; y++ {
			for j, v := range highest.row(y) {
				row[j] = min(row[j], v)
			}
		}
	}
	return out
}

// take takes the line's pixels from thin, and reports whether it is in at least so many
// columns. In each these are the thin pixels that it goes through, and one more above and
// below, its soft edge. Where a stroke crosses the line, it is higher than elsewhere, or
// deeper, and stays. How high and deep it is elsewhere is seen in its outer fifths,
// as a digit is mostly in the middle.
func (l *line) take(thin *plane, least float64) bool {
	var runs [][3]int // column, first and last row
	for x := range thin.cols {
		if top, bottom := l.run(thin, x); top <= bottom {
			runs = append(runs, [3]int{x, top, bottom})
		}
	}
	if float64(len(runs)) < least {
		return false
	}
	var heights, depths []float64
	for n, r := range runs {
		if n < len(runs)/5 || n >= len(runs)*4/5 {
			heights = append(heights, float64(r[2]-r[1]+1))
			depths = append(depths, thin.at((r[1]+r[2])/2, r[0]))
		}
	}
	highest, deepest := 1.5*quantile(heights, 0.5)+1, 1.5*quantile(depths, 0.5)
	for _, r := range runs {
		if float64(r[2]-r[1]+1) > highest {
			continue
		}
		for i := max(r[1]-1, 0); i <= min(r[2]+1, thin.rows-1); i++ {
			if thin.at(min(max(i, r[1]), r[2]), r[0]) <= deepest {
				l.pixels = append(l.pixels, i*thin.cols+r[0])
			}
		}
	}
	for _, k := range l.pixels {
		thin.data[k] = 0
	}
	return true
}

// run returns the first and the last row of the thin pixels in column x that the line goes
// through, or passes two rows away. If there are none, the first is below the last.
func (l *line) run(thin *plane, x int) (top, bottom int) {
	for _, away := range [5]int{0, -1, 1, -2, 2} {
		y := l.y + l.drop[x] + away
		if thin.at(y, x) == 0 {
			continue
		}
		for top = y; thin.at(top-1, x) > 0; top-- {
		}
		for bottom = y; thin.at(bottom+1, x) > 0; bottom++ {
		}
		return top, bottom
	}
	return 0, -1
}
