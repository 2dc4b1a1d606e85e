package main

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// A Matrix is a dense matrix of float64, stored row after row in one slice.
//
// Row i is Data[i*Cols : (i+1)*Cols], so a loop along a row runs along
// memory, where the processor is fastest; no loop in this file runs down a
// column of numbers it could have taken along a row.
//
// The network keeps one example per row. Shapes are written m×n, rows first,
// and a shape that does not fit is a mistake in the program, not in its input:
// every method that is given a matrix panics, naming the operation and the
// shapes.
type Matrix struct {
	Rows, Cols int
	Data       []float64 // Rows*Cols numbers
}

// NewMatrix returns a rows×cols matrix of zeros.
func NewMatrix(rows, cols int) *Matrix {
	return &Matrix{rows, cols, make([]float64, rows*cols)}
}

// Row returns row i. It is a part of m, not a copy of it.
func (m *Matrix) Row(i int) []float64 {
	return m.Data[i*m.Cols : (i+1)*m.Cols]
}

// half returns the upper (0) or the lower (1) half of the rows of m, see bounds:
// a part of it, not a copy of it.
func (m *Matrix) half(half int) Matrix {
	from, to := bounds(m.Rows, half)
	return Matrix{to - from, m.Cols, m.Data[from*m.Cols : to*m.Cols]}
}

// SetRows makes m a rows×m.Cols matrix in the memory it has, for a mini-batch
// of another length. The numbers in m mean nothing afterwards, unless it had as
// many rows before. It panics if m was not made with room for that many rows.
func (m *Matrix) SetRows(rows int) {
	if rows < 0 || rows*m.Cols > cap(m.Data) {
		panic(fmt.Sprintf("matrix: SetRows: %d rows asked of a %v with room for %d numbers", rows, m, cap(m.Data)))
	}
	m.Rows, m.Data = rows, m.Data[:rows*m.Cols]
}

// Mul sets c to the product a·b:
//
//	c (m×n) = a (m×k) · b (k×n)
//
// Row i of c is a sum of the rows of b, each scaled by a number of row i of a.
func (c *Matrix) Mul(a, b *Matrix) {
	if a.Cols != b.Rows || c.Rows != a.Rows || c.Cols != b.Cols {
		panicShapes("Mul", "c = a·b", c, a, b)
	}
	for i := range c.Rows {
		x, z := a.Row(i), c.Row(i)
		clear(z)
		k := 0
		for ; k+4 <= len(x); k += 4 {
			add4(z, x[k], x[k+1], x[k+2], x[k+3], b.Row(k), b.Row(k+1), b.Row(k+2), b.Row(k+3))
		}
		for ; k < len(x); k++ {
			add1(z, x[k], b.Row(k))
		}
	}
}

// AddTMul adds s times the product aᵀ·b to c:
//
//	c (k×n) += s · aᵀ (k×m) · b (m×n)
//
// or rather, to the upper (0) or the lower (1) half of the rows of c, so that
// two cores can take one half each.
//
// aᵀ is never built. Row k of c gains the rows of b, each scaled by s times a
// number of column k of a; four rows at a time are given to every row of c.
func (c *Matrix) AddTMul(half int, s float64, a, b *Matrix) {
	if a.Rows != b.Rows || c.Rows != a.Cols || c.Cols != b.Cols {
		panicShapes("AddTMul", "c += s·aᵀ·b", c, a, b)
	}
	from, to := bounds(c.Rows, half)
	i := 0
	for ; i+4 <= a.Rows; i += 4 {
		x0, x1, x2, x3 := a.Row(i), a.Row(i+1), a.Row(i+2), a.Row(i+3)
		r0, r1, r2, r3 := b.Row(i), b.Row(i+1), b.Row(i+2), b.Row(i+3)
		for k := from; k < to; k++ {
			add4(c.Row(k), s*x0[k], s*x1[k], s*x2[k], s*x3[k], r0, r1, r2, r3)
		}
	}
	for ; i < a.Rows; i++ {
		x, r := a.Row(i), b.Row(i)
		for k := from; k < to; k++ {
			add1(c.Row(k), s*x[k], r)
		}
	}
}

// MulSparse sets c to one of two parts of the product a·b, of a sparse a:
//
//	c (m×n) = the left k′ columns of a (m×k′) · the upper k′ rows of b (k′×n)
//
// or, if half is 1, all the other columns of a times all the other rows of b;
// bounds has k′. The sum of the two is a·b, of which two cores can take one part
// each.
//
// This is how images go into the network. Four fifths of an image of a digit
// is exactly 0, and it is most of the speed of this program that neither
// these pixels nor their weights are ever looked at. (Not even if a weight is
// infinite, though 0·∞ is NaN: SGD looks for weights that are not finite among
// the weights themselves.)
func (c *Matrix) MulSparse(half int, a *Sparse, b *Matrix) {
	if a.Cols != b.Rows || c.Rows != a.Rows || c.Cols != b.Cols {
		panicShapes("MulSparse", "c = a·b", c, a, b)
	}
	rows := a.rows(half)
	for i := range c.Rows {
		clear(c.Row(i))
		addRows(c.Row(i), 1, rows.list(i), b)
	}
}

// AddTMulSparse adds s times the product aᵀ·b, of a sparse a, to c:
//
//	c (k×n) += s · aᵀ (k×m) · b (m×n)
//
// or rather, like AddTMul, to the upper or the lower half of the rows of c.
//
// This is the step of the weights: a pixel that is 0 in every image of a
// mini-batch leaves its row of weights untouched. There are two ways to do it.
// Image by image, the errors of one image are added to the rows of all its
// pixels. Or pixel by pixel, the errors of all the images that have a pixel are
// added to its row; see wide.
func (c *Matrix) AddTMulSparse(half int, s float64, a *Sparse, b *Matrix) {
	if a.Rows != b.Rows || c.Rows != a.Cols || c.Cols != b.Cols {
		panicShapes("AddTMulSparse", "c += s·aᵀ·b", c, a, b)
	}
	h, rows := &a.half[half], a.rows(half) // rows is &h.rows, filled: transpose needs it too
	if c.Cols < wide {
		for i := range b.Rows {
			addToRows(c, s, rows.list(i), b.Row(i))
		}
		return
	}
	for i := 0; i < b.Rows; i += block {
		h.transpose(i, min(i+block, b.Rows))
		for k := range h.cols {
			if terms := h.column(k); len(terms) > 0 {
				addRows(c.Row(h.first+k), s, terms, b)
			}
		}
	}
}

// wide is how long rows must be for AddTMulSparse to go pixel by pixel: a row
// of weights is then read and written once for four images, not for each, but
// which images have which pixel must be found out first. Measured with
// mini-batches of 10: with 30 hidden neurons an epoch takes a tenth longer than
// image by image, with 60 as long, with 100 and 300 a twentieth less.
const wide = 64

// block is how many images AddTMulSparse transposes at a time, so that there
// need not be room for the transpose of more.
const block = 50

// A term is one of the terms of a sum: scale times a row of another matrix.
//
// A Sparse keeps its numbers so. In a list of one of its rows, row is the column
// a number is in: a pixel, and so a row of the weights. In a list of one of its
// columns it is the row a number is in: an image, and so a row of the errors.
type term struct {
	scale float64
	row   int32
}

// addRows adds rows of m to dst, each scaled:
//
//	dst[j] += Σ over the terms of s · scale · m[row][j]      for every j
//
// data[row*n:] begins with m.Row(row), as n, the length of dst (1×n), is m.Cols;
// add4 and the others cut it to that length.
func addRows(dst []float64, s float64, terms []term, m *Matrix) {
	data, n := m.Data, len(dst)
	for ; len(terms) >= 4; terms = terms[4:] {
		t0, t1, t2, t3 := terms[0], terms[1], terms[2], terms[3]
		add4(dst, s*t0.scale, s*t1.scale, s*t2.scale, s*t3.scale,
			data[int(t0.row)*n:], data[int(t1.row)*n:], data[int(t2.row)*n:], data[int(t3.row)*n:])
	}
	switch len(terms) {
	case 3:
		t0, t1, t2 := terms[0], terms[1], terms[2]
		add3(dst, s*t0.scale, s*t1.scale, s*t2.scale, data[int(t0.row)*n:], data[int(t1.row)*n:], data[int(t2.row)*n:])
	case 2:
		t0, t1 := terms[0], terms[1]
		add2(dst, s*t0.scale, s*t1.scale, data[int(t0.row)*n:], data[int(t1.row)*n:])
	case 1:
		add1(dst, s*terms[0].scale, data[int(terms[0].row)*n:])
	}
}

// add4 is the loop of all products but MulT, and of the step of weights whose
// rows are wide. With addToRows it takes most of the time of training:
//
//	dst[j] += s0·r0[j] + s1·r1[j] + s2·r2[j] + s3·r3[j]      for every j
//
// It takes half the time of four times add1: dst is read and written once, not
// four times, and the four products do not wait for each other to be added.
// More than four at a time are too many for the registers.
func add4(dst []float64, s0, s1, s2, s3 float64, r0, r1, r2, r3 []float64) {
	// This shows the compiler that every r[j] exists, so it can leave the checks
	// of bounds out of the loop.
	r0, r1, r2, r3 = r0[:len(dst)], r1[:len(dst)], r2[:len(dst)], r3[:len(dst)]
	for j := range dst {
		dst[j] += (s0*r0[j] + s1*r1[j]) + (s2*r2[j] + s3*r3[j])
	}
}

// add3, add2 and add1 are add4 with fewer rows.
func add3(dst []float64, s0, s1, s2 float64, r0, r1, r2 []float64) {
	r0, r1, r2 = r0[:len(dst)], r1[:len(dst)], r2[:len(dst)]
	for j := range dst {
		dst[j] += (s0*r0[j] + s1*r1[j]) + s2*r2[j]
	}
}

func add2(dst []float64, s0, s1 float64, r0, r1 []float64) {
	r0, r1 = r0[:len(dst)], r1[:len(dst)]
	for j := range dst {
		dst[j] += s0*r0[j] + s1*r1[j]
	}
}

func add1(dst []float64, s0 float64, r0 []float64) {
	r0 = r0[:len(dst)]
	for j := range dst {
		dst[j] += s0 * r0[j]
	}
}

// addToRows is the loop of the step of weights whose rows are not wide. It goes
// the other way, from one row to many:
//
//	m[row][j] += s · scale · src[j]      for every term and every j
//
// It takes two rows at a time, and reads src once for both: half the time of
// one row at a time. Four at a time are no faster. The terms must be of
// different rows.
func addToRows(m *Matrix, s float64, terms []term, src []float64) {
	for len(terms) >= 2 {
		s0, s1 := s*terms[0].scale, s*terms[1].scale
		r0, r1 := m.Row(int(terms[0].row)), m.Row(int(terms[1].row))
		for j, v := range src {
			r0[j] += s0 * v
			r1[j] += s1 * v
		}
		terms = terms[2:]
	}
	if len(terms) == 1 {
		add1(m.Row(int(terms[0].row)), s*terms[0].scale, src)
	}
}

// MulT sets c to the product a·bᵀ:
//
//	c (m×n) = a (m×k) · bᵀ (k×n)
//
// bᵀ is never built: c[i][j] is the dot product of row i of a and row j of b,
// both of which lie along memory.
func (c *Matrix) MulT(a, b *Matrix) {
	if a.Cols != b.Cols || c.Rows != a.Rows || c.Cols != b.Rows {
		panicShapes("MulT", "c = a·bᵀ", c, a, b)
	}
	for i := range c.Rows {
		x, z, j := a.Row(i), c.Row(i), 0
		for ; j+4 <= len(z); j += 4 { // one dot product alone would wait for its own last addition
			y0, y1 := b.Row(j)[:len(x)], b.Row(j + 1)[:len(x)]
			y2, y3 := b.Row(j + 2)[:len(x)], b.Row(j + 3)[:len(x)]
			var z0, z1, z2, z3 float64
			for k, v := range x {
				z0 += v * y0[k]
				z1 += v * y1[k]
				z2 += v * y2[k]
				z3 += v * y3[k]
			}
			z[j], z[j+1], z[j+2], z[j+3] = z0, z1, z2, z3
		}
		for ; j < len(z); j++ {
			y := b.Row(j)[:len(x)]
			z[j] = 0
			for k, v := range x {
				z[j] += v * y[k]
			}
		}
	}
}

// Zip sets m to f(a, b), number by number; all three have one shape.
func (m *Matrix) Zip(f func(a, b float64) float64, a, b *Matrix) {
	if m.Rows != a.Rows || m.Cols != a.Cols || a.Rows != b.Rows || a.Cols != b.Cols {
		panicShapes("Zip", "m = f(a, b)", m, a, b)
	}
	for i, v := range a.Data {
		m.Data[i] = f(v, b.Data[i])
	}
}

// Add adds a to m; both have one shape.
func (m *Matrix) Add(a *Matrix) {
	if m.Rows != a.Rows || m.Cols != a.Cols {
		panicShapes("Add", "m += a", m, a)
	}
	for i, v := range a.Data {
		m.Data[i] += v
	}
}

// AddRow adds the row vector b (1×n) to every row of m (m×n).
func (m *Matrix) AddRow(b *Matrix) {
	if b.Rows != 1 || b.Cols != m.Cols {
		panicShapes("AddRow", "m += b", m, b)
	}
	for i := range m.Rows {
		row := m.Row(i)
		for j, v := range b.Data {
			row[j] += v
		}
	}
}

// AddSum adds s times the sum of the rows of a (m×n) to the row vector b (1×n).
func (b *Matrix) AddSum(s float64, a *Matrix) {
	if b.Rows != 1 || b.Cols != a.Cols {
		panicShapes("AddSum", "b += s·Σ a", b, a)
	}
	for i := range a.Rows {
		for j, v := range a.Row(i) {
			b.Data[j] += s * v
		}
	}
}

// Apply replaces every number v of m by f(v).
func (m *Matrix) Apply(f func(float64) float64) {
	for i, v := range m.Data {
		m.Data[i] = f(v)
	}
}

// Scale multiplies every number of m by s.
func (m *Matrix) Scale(s float64) {
	data := m.Data // twice as fast: m.Data itself would be loaded anew for every number
	for i := range data {
		data[i] *= s
	}
}

// Hadamard multiplies m, number by number, by f of a (the same shape):
//
//	m ← m ⊙ f(a)
func (m *Matrix) Hadamard(f func(float64) float64, a *Matrix) {
	if m.Rows != a.Rows || m.Cols != a.Cols {
		panicShapes("Hadamard", "m ← m ⊙ f(a)", m, a)
	}
	for i, v := range a.Data {
		m.Data[i] *= f(v)
	}
}

// Argmax returns the column of the largest number in row i, the first of
// them if several are equal. The row must not be empty.
func (m *Matrix) Argmax(i int) int {
	row, best := m.Row(i), 0
	for j, v := range row {
		if v > row[best] {
			best = j
		}
	}
	return best
}

// String gives the shape of m, "3×4", not its numbers: it is for messages.
func (m *Matrix) String() string { return fmt.Sprintf("%d×%d", m.Rows, m.Cols) }

// panicShapes panics with the name of an operation, its formula and the
// shapes of the matrices in it, in the formula's order.
func panicShapes(operation, formula string, shapes ...fmt.Stringer) {
	panic(fmt.Sprintf("matrix: %s: shapes do not fit %s: %v", operation, formula, shapes))
}

// A Sparse is a matrix most of whose numbers are 0. It keeps the others only,
// those of the left half of its columns apart from those of the right half, so
// that two cores can work on it and each keep to its own memory.
type Sparse struct {
	Rows, Cols int
	given      []pixels // what Append was given, a row each
	moved      pixels   // where Move keeps the rows it has changed
	half       [2]half
}

// pixels are value[q] in column where[q], ascending, and 0 in all others.
type pixels struct {
	where []uint16
	value []float32
}

// A half is the columns of a Sparse from first on, cols of them.
type half struct {
	first, cols int
	rows        lists // list i has the numbers of row i that are not 0

	// What transpose has made of some of the rows.
	room    int    // how many rows they are
	count   []int  // how many numbers of column first+k are not 0
	columns []term // column first+k is columns[k*room:][:count[k]]
}

// lists are lists of terms: list i is terms[start[i]:start[i+1]].
type lists struct {
	start []int32 // one more than there are lists
	terms []term
}

// list returns list i.
func (l *lists) list(i int) []term { return l.terms[l.start[i]:l.start[i+1]] }

// Reset makes s a matrix of cols columns and no rows, in the memory it has.
func (s *Sparse) Reset(cols int) {
	s.Rows, s.Cols = 0, cols
	for h := range s.half {
		from, to := bounds(cols, h)
		s.half[h].first, s.half[h].cols = from, to-from
	}
	s.unfill()
	s.given = s.given[:0]
	s.moved = pixels{s.moved.where[:0], s.moved.value[:0]}
}

// Append adds a row to s: value[q] in column where[q], ascending, and 0 in all
// others. It does not copy them: they must stay as they are.
func (s *Sparse) Append(where []uint16, value []float32) {
	s.given = append(s.given, pixels{where, value})
	s.Rows++
	s.unfill()
}

// Move moves the numbers of a row that Append has added: each to column
// to(its column), or out of the matrix if that is negative. It must leave them
// ascending.
func (s *Sparse) Move(row int, to func(column int) int) {
	old, m, first := s.given[row], &s.moved, len(s.moved.where)
	for q, k := range old.where {
		if k := to(int(k)); k >= 0 {
			m.where, m.value = append(m.where, uint16(k)), append(m.value, old.value[q])
		}
	}
	s.given[row] = pixels{m.where[first:], m.value[first:]}
	s.unfill()
}

// unfill throws the lists away: rows will make them anew when they are needed.
func (s *Sparse) unfill() {
	s.half[0].rows.start, s.half[1].rows.start = s.half[0].rows.start[:0], s.half[1].rows.start[:0]
}

// rows returns the rows of one half of s: in list i, each number of row i that is
// not 0, with its column. It makes them unless they are made, out of what
// Append was given, so that each half is made by the core that is to work on it.
func (s *Sparse) rows(which int) *lists {
	h := &s.half[which]
	if len(h.rows.start) > 0 {
		return &h.rows
	}
	h.rows.reset()
	for _, r := range s.given {
		middle, _ := slices.BinarySearch(r.where, uint16(s.half[1].first))
		if which == 0 {
			h.rows.append(r.where[:middle], r.value[:middle])
		} else {
			h.rows.append(r.where[middle:], r.value[middle:])
		}
	}
	return &h.rows
}

// transpose sorts the numbers of some of the rows, the first of them from and
// the last to-1, by column, for column to return. rows must have made the lists.
func (h *half) transpose(from, to int) {
	room := to - from
	count, columns := resize(h.count, h.cols), resize(h.columns, h.cols*room)
	clear(count)
	for i := from; i < to; i++ {
		for _, t := range h.rows.list(i) {
			k := int(t.row) - h.first
			columns[k*room+count[k]] = term{t.scale, int32(i)}
			count[k]++
		}
	}
	h.room, h.count, h.columns = room, count, columns
}

// column returns each number of column first+k that is not 0, with its row.
func (h *half) column(k int) []term { return h.columns[k*h.room:][:h.count[k]] }

// reset empties l: it holds no lists.
func (l *lists) reset() { l.start, l.terms = append(l.start[:0], 0), l.terms[:0] }

// append adds a list to l: value[q] times row where[q].
func (l *lists) append(where []uint16, value []float32) {
	from, to := len(l.terms), len(l.terms)+len(where)
	l.terms = resize(l.terms, to)
	for q, t := range l.terms[from:to] {
		t.scale, t.row = float64(value[q]), int32(where[q])
		l.terms[from+q] = t
	}
	l.start = append(l.start, int32(to))
}

// Copy sets s to a.
func (s *Sparse) Copy(a *Matrix) {
	s.Reset(a.Cols)
	s.half[0].rows.reset()
	s.half[1].rows.reset()
	for i := range a.Rows {
		for h := range s.half {
			half := &s.half[h]
			l := &half.rows
			for k, v := range a.Row(i)[half.first:][:half.cols] {
				if v != 0 {
					l.terms = append(l.terms, term{v, int32(half.first + k)})
				}
			}
			l.start = append(l.start, int32(len(l.terms)))
		}
		s.Rows++
	}
}

// resize returns s with n elements, in the memory it has if there is enough.
// What is in the elements beyond those it had means nothing.
func resize[T any](s []T, n int) []T {
	if n <= cap(s) {
		return s[:n]
	}
	return slices.Grow(s, n-len(s))[:n]
}

// String gives the shape of s.
func (s *Sparse) String() string { return fmt.Sprintf("%d×%d", s.Rows, s.Cols) }

// Two cores.

// A task is work in two halves, each of which can be done on a core of its own:
// run(t, 0) and run(t, 1) write to different memory, and neither reads what the
// other writes. What else is in it is for run, and named as in network.go. A
// panic in a half is not to be recovered from: it may be the helper's.
type task struct {
	run             func(t task, half int)
	net             *Network
	batch           *MiniBatch
	s, shrink       float64
	biases, weights []*Matrix
}

// bounds returns which of n rows, or columns, are half 0, upper or left, and half
// 1, lower or right. Half 0 is 29 of 56, so that both take as long: of the 28
// rows of an image it is 14½, and in MNIST half of the ink is above that.
func bounds(n, half int) (from, to int) {
	middle := n * 29 / 56
	return half * middle, middle + half*(n-middle)
}

// both runs the two halves of t, on two cores if there are two and it pays.
// work is about how many multiplications it takes.
func both(t task, work int) {
	if work < worthSharing || min(runtime.GOMAXPROCS(0), runtime.NumCPU()) < 2 || !helper.offer(t) {
		t.run(t, 0)
		t.run(t, 1)
		return
	}
	t.run(t, 0)
	if !helper.finish() {
		t.run(t, 1)
	}
}

// worthSharing is how many multiplications a task must take to be shared: fewer
// are done before a second core has noticed. Measured with 10 to 100
// hidden neurons and mini-batches of 1 to 10: at 1,000 and at 10,000 an epoch
// takes as long, within a tenth; at 30,000 up to 1.6 times as long.
const worthSharing = 3_000

// inkOf is about how many of n pixels are not 0.
func inkOf(n int) int { return n / 5 }

// helper is a goroutine that runs the second halves of tasks.
//
// To send a goroutine to sleep and to wake it up takes longer than most tasks.
// So the helper does not sleep: it looks for the next task again and again,
// but only for some 100 µs; then it ends. Nor does anybody wait for it to
// begin: a half that it has not taken in time is run by the one who offered it.
var helper = assistant{done: make(chan struct{})}

type assistant struct {
	sync.Mutex // held by the one whose task it is
	task       task
	state      atomic.Int32
	done       chan struct{} // the helper sends on it if its half was awaited
}

// The states of an assistant.
const (
	absent  = iota // there is no goroutine
	ready          // it looks for a task, or will soon
	offered        // there is a task for it
	taken          // it runs its half of the task
	awaited        // the same, and somebody sleeps until done
)

// maxLooks is how many times to look whether something has happened: for some
// 100 µs.
const maxLooks = 200_000

// offer offers the second half of t to the helper, unless it is busy.
func (h *assistant) offer(t task) bool {
	if !h.TryLock() {
		return false
	}
	h.task = t
	if h.state.Swap(offered) == absent {
		go h.help()
	}
	return true
}

// finish takes the offer back, if it has not been taken, or waits until the
// helper has done its half, and reports whether it has.
func (h *assistant) finish() (done bool) {
	defer h.Unlock()
	if h.state.CompareAndSwap(offered, ready) {
		return false
	}
	for n := 0; h.state.Load() == taken; n++ {
		if n >= maxLooks && h.state.CompareAndSwap(taken, awaited) {
			<-h.done
		}
	}
	return true
}

// help is the goroutine.
func (h *assistant) help() {
	for n := 0; n < maxLooks || !h.state.CompareAndSwap(ready, absent); n++ {
		if h.state.Load() != offered || !h.state.CompareAndSwap(offered, taken) {
			continue
		}
		h.task.run(h.task, 1)
		if h.state.Swap(ready) == awaited {
			h.done <- struct{}{}
		}
		n = 0
	}
}
