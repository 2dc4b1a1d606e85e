package picture

import "math"

// This file erases ruling, so that lines on the paper are no ink.

// eraseRuling erases long thin straight lines that are darker than the paper: of
// ruled and squared paper, of a box in a form, under the digit. Where a line was,
// the picture goes evenly from what is on one side of it, paper or digit, to what
// is on the other. found says whether there were any lines.
func eraseRuling(p *plane) (clean *plane, found bool) {
	across, down := length{0.5, 0.5}, length{0.65, 0.75} // down they must be longer, as a 1 is a line, too
	clean = p
	for _, least := range [2]length{across, down} {
		thin, marks := thinLines(clean), newPlane(clean.rows, clean.cols)
		for _, r := range rules(thin, least) {
			r.mark(thin, marks)
			found = true
		}
		clean = transposed(bridged(clean, marks)) // lines down lie across now; after them it is upright again
	}
	return clean, found
}

// thinLines returns a plane that is 1 where the picture is darker than something
// above it and something below it, neither of them far away, and 0 elsewhere.
func thinLines(p *plane) *plane {
	depth := closed(p, max(p.rows, p.cols)/40+1)
	for k, v := range p.data {
		depth.data[k] -= v
	}
	return mask(depth, max(0.04, 3*quantile(depth.data, 0.5))) // more than noise makes
}

// closed returns p with hollows filled that are fewer than n pixels high, which
// image processing calls closing. Each window of n pixels, one below the other, has
// a maximum, and a pixel becomes the least maximum of the windows that it is in.
// With n = 3, a column of 1 0 0.2 0.5 1 becomes 1 0.5 0.5 0.5 1.
func closed(p *plane, n int) *plane {
	highest, out := newPlane(p.rows, p.cols), newPlane(p.rows, p.cols)
	for i := range p.rows { // the maxima of the windows that begin in row i
		row := highest.row(i)
		for y := i; y < min(i+n, p.rows); y++ {
			for j, v := range p.row(y) {
				row[j] = max(row[j], v)
			}
		}
	}
	for i := range p.rows {
		first, last := max(0, i-n+1), max(0, min(i, p.rows-n)) // where the windows that row i is in begin
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

// A rule is a line across a picture, from column from to before column to. In column
// x it is in row y + drop[x]. In the middle of the picture, drop is 0.
type rule struct {
	from, to, y int
	drop        []int
}

// A length is how long a line must be to be ruling, in widths of the picture: if it
// reaches the border at the left or the right, and if it ends before both.
type length struct{ reaching, free float64 }

// rules returns the straight lines among the thin ones that are long enough and
// within a few degrees of level. Every thin pixel votes for the line of each slope
// that it is on, as in Hough's transform; only lines with many votes are walked
// along.
func rules(thin *plane, least length) (found []rule) {
	steep := thin.cols / 14 // how far a line rises or falls at most: four degrees
	for fall := -steep; fall <= steep; fall++ {
		drop, votes := make([]int, thin.cols), make([]int, thin.rows)
		for x := range drop {
			drop[x] = int(math.Round(float64(fall) * (float64(x)/float64(thin.cols) - 0.5)))
		}
		for i := range thin.rows {
			for x, v := range thin.row(i) {
				if y := i - drop[x]; v > 0 && y >= 0 && y < thin.rows {
					votes[y]++
				}
			}
		}
		for y, n := range votes {
			if float64(n) <= least.reaching/2*float64(thin.cols) { // half of a line may be gaps
				continue
			}
			r := rule{y: y, drop: drop}
			r.from, r.to = r.longestRun(thin)
			wanted := least.free
			if near := thin.cols / 30; r.from <= near || r.to >= thin.cols-near {
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
// thin for at least half. It may have gaps, as where the digit crosses it.
func (r rule) longestRun(thin *plane) (from, to int) {
	gap := thin.cols / 3           // at most, as wide as the digit
	start, last, count := 0, -1, 0 // of a part: its first and last thin pixels, and how many it has
	for x, drop := range r.drop {
		if thin.at(r.y+drop, x) == 0 {
			continue
		}
		if last < 0 || x-last > gap {
			start, count = x, 0
		}
		last = x
		count++
		if n := x + 1 - start; n > to-from && count*2 >= n {
			from, to = start, x+1
		}
	}
	return from, to
}

// mark sets marks to 1 where the line is: in each column the thin pixels that it
// goes through, and one more above and below, its soft edge.
func (r rule) mark(thin, marks *plane) {
	for x := r.from; x < r.to; x++ {
		for _, step := range [2]int{-1, 1} {
			for i := r.y + r.drop[x]; thin.at(i, x) > 0; i += step {
				marks.row(i)[x] = 1
				if y := i + step; y >= 0 && y < thin.rows {
					marks.row(y)[x] = 1
				}
			}
		}
	}
}
