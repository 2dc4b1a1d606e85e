package picture

import "math"

// This file has how ruling is erased, so that lines on the paper are no ink.

// eraseRuling erases long thin straight lines that are darker than the paper:
// of ruled and squared paper, of a box in a form, under the digit. Where one is,
// there will be what lies on both sides of it, be that paper or the digit. It
// also returns whether there were any.
func eraseRuling(p *plane) (clean *plane, found bool) {
	clean = p
	for _, least := range [2]length{{0.5, 0.5}, {0.65, 0.75}} { // lines across, then down, where they must be longer, as a 1 is long, too
		thin := thinLines(clean)
		marks := newPlane(thin.rows, thin.cols)
		for _, r := range rules(thin, least) {
			r.mark(thin, marks)
			found = true
		}
		clean = transposed(bridged(clean, marks))
	}
	return clean, found
}

// thinLines is 1 where the picture is darker than what is both above and below
// it, not far away.
func thinLines(p *plane) *plane {
	thin := closed(p, max(p.rows, p.cols)/40+1)
	for k := range thin.data {
		thin.data[k] -= p.data[k]
	}
	return solid(thin, max(0.04, 3*quantile(thin.data, 0.5))) // more than noise makes
}

// closed fills hollows that are lower than n pixels, from above to below, and is
// known as closing: of the windows that have a pixel, n pixels of its column one
// below the other, each has a maximum, and the pixel becomes the least of these.
func closed(p *plane, n int) *plane {
	highest, out := newPlane(p.rows, p.cols), newPlane(p.rows, p.cols)
	for i := range p.rows {
		row := highest.row(i)
		for y := i; y < min(i+n, p.rows); y++ {
			for j, v := range p.row(y) {
				row[j] = max(row[j], v)
			}
		}
	}
	for i := range p.rows {
		first, last := max(0, i-n+1), max(0, min(i, p.rows-n)) // the windows of row i, by their first rows
		row := out.row(i)
		copy(row, highest.row(first))
		for y := first + 1; y <= last; y++ {
			for j, v := range highest.row(y) {
				row[j] = min(row[j], v)
			}
		}
	}
	return out
}

// A rule is a line across a picture, from column from to before column to: at
// column x it is in row y + drop[x].
type rule struct {
	from, to, y int
	drop        []int
}

// A length is how long a line must be to be ruling, in widths of the picture: one
// that reaches the border, and one that ends before it.
type length struct{ reaching, free float64 }

// rules returns the straight lines among the thin ones that are long enough, and not
// more than a few degrees off the level. Which lines are worth a look is found as by
// Hough: every pixel votes for the line of each slope that it is on.
func rules(thin *plane, least length) (found []rule) {
	near := thin.cols / 30 // the border
	steep := thin.cols / 14
	for rise := -steep; rise <= steep; rise++ {
		drop, votes := make([]int, thin.cols), make([]int, thin.rows)
		for x := range drop {
			drop[x] = int(math.Round(float64(rise) * (float64(x)/float64(thin.cols) - 0.5)))
		}
		for i := range thin.rows {
			for x, v := range thin.row(i) {
				if y := i - drop[x]; v > 0 && y >= 0 && y < thin.rows {
					votes[y]++
				}
			}
		}
		for y, n := range votes {
			if float64(n) <= least.reaching/2*float64(thin.cols) {
				continue // half of a line may be gaps
			}
			r := rule{y: y, drop: drop}
			r.from, r.to = r.longestRun(thin)
			wanted := least.free
			if r.from <= near || r.to >= thin.cols-near {
				wanted = least.reaching
			}
			if float64(r.to-r.from) > wanted*float64(thin.cols) {
				found = append(found, r)
			}
		}
	}
	return found
}

// longestRun returns where the longest part of the line begins and ends that is
// thin for the most part; what crosses it may make gaps.
func (r rule) longestRun(thin *plane) (from, to int) {
	gap := thin.cols / 3 // as wide as the digit
	start, last, on := 0, -1, 0
	for x, drop := range r.drop {
		if i := r.y + drop; i < 0 || i >= thin.rows || thin.row(i)[x] == 0 {
			continue
		}
		if last < 0 || x-last > gap {
			start, on = x, 0
		}
		last = x
		on++
		if x+1-start > to-from && on*2 >= x+1-start {
			from, to = start, x+1
		}
	}
	return from, to
}

// mark marks what of the thin lines is this one.
func (r rule) mark(thin, marks *plane) {
	for x := r.from; x < r.to; x++ {
		for _, step := range [2]int{-1, 1} {
			for i := r.y + r.drop[x]; i >= 0 && i < thin.rows && thin.row(i)[x] > 0; i += step {
				marks.row(i)[x] = 1
				if y := i + step; y >= 0 && y < thin.rows {
					marks.row(y)[x] = 1 // the line's soft edge
				}
			}
		}
	}
}

// bridged returns p with what is marked made to go evenly from what is above it to what is below it.
func bridged(p, marks *plane) *plane {
	out := newPlane(p.rows, p.cols)
	copy(out.data, p.data)
	for j := range p.cols {
		for i := 0; i < p.rows; i++ {
			if marks.row(i)[j] == 0 {
				continue
			}
			end := i
			for end < p.rows && marks.row(end)[j] > 0 {
				end++
			}
			above, below := p.row(max(i-1, 0))[j], p.row(min(end, p.rows-1))[j]
			if i == 0 {
				above = below
			}
			if end == p.rows {
				below = above
			}
			for y := i; y < end; y++ {
				t := float64(y-i+1) / float64(end-i+1)
				out.row(y)[j] = above*(1-t) + below*t
			}
			i = end
		}
	}
	return out
}
