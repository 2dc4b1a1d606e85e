// This file is where the time goes: the matrix, the products of which a network
// is made, the loops inside them, and how the cores of the machine share them. Its
// code knows nothing of networks or of digits; its comments say what it is for.
//
// Shapes are written rows×columns. A mini-batch of m examples on its way from
// nIn neurons to nOut is multiplied by weights (nIn×nOut) in three ways:
//
//	a (m×nOut) = σ(a (m×nIn) · w (nIn×nOut) + b)          MulAdd, and MulAddSparse where a is mostly 0
//	δ (m×nIn)  = δ (m×nOut) · wᵀ (nOut×nIn) ⊙ σ′(z)       MulT
//	w (nIn×nOut) += s · aᵀ (nIn×m) · δ (m×nOut)           AddTMul, and AddTMulSparse
//
// No dense matrix is ever transposed: every loop runs along the rows of its matrices.

package main

import (
	"fmt"
	"math"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// A Matrix is a dense matrix of float64, stored row after row in one slice.
//
// Row i is Data[i*Cols : (i+1)*Cols], so a loop along a row runs along
// memory, where the processor is fastest.
//
// A shape that does not fit is a mistake in the program, not in its input:
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

// SetRows makes m a rows×m.Cols matrix in the memory it has, for a mini-batch
// of another length. The numbers in m mean nothing afterwards, unless it had as
// many rows before. It panics if m was not made with room for that many rows.
func (m *Matrix) SetRows(rows int) {
	if rows < 0 || rows*m.Cols > cap(m.Data) {
		panic(fmt.Sprintf("matrix: SetRows: %d rows asked of a %v with room for %d numbers", rows, m, cap(m.Data)))
	}
	m.Rows, m.Data = rows, m.Data[:rows*m.Cols]
}

// MulAdd sets c to the product a·b, plus the row vector d in every row, and
// then has f change its numbers in place:
//
//	c (m×n) = f(a (m×k) · b (k×n) + d (1×n))
//
// Row i of the product is a sum of the rows of b, each scaled by a number of row i
// of a. f is given several rows at once.
func (c *Matrix) MulAdd(f func(numbers []float64), a, b, d *Matrix) {
	if a.Cols != b.Rows || c.Rows != a.Rows || c.Cols != b.Cols || d.Rows != 1 || d.Cols != c.Cols {
		panicShapes("MulAdd", "c = f(a·b + d)", c, a, b, d)
	}
	share(c.Rows, c.Rows*c.Cols*(a.Cols+workOfExp), func(from, to int) {
		for i := from; i < to; i++ {
			x, z := a.Row(i), c.Row(i)
			clear(z)
			k := 0
			for ; k+4 <= len(x); k += 4 {
				add4(z, x[k], x[k+1], x[k+2], x[k+3], b.Row(k), b.Row(k+1), b.Row(k+2), b.Row(k+3))
			}
			for ; k < len(x); k++ {
				add1(z, x[k], b.Row(k))
			}
			add1(z, 1, d.Data)
		}
		f(c.Data[from*c.Cols : to*c.Cols])
	})
}

// workOfExp is how many multiplications take as long as σ, most of which is e^−z.
const workOfExp = 20

// MulT sets c to the product a·bᵀ, number by number times f of d, which is shaped
// like c:
//
//	c (m×n) = a (m×k) · bᵀ (k×n) ⊙ f(d (m×n))
//
// c[i][j] is the dot product of row i of a and row j of b, both of which lie
// along memory, times f(d[i][j]).
func (c *Matrix) MulT(a, b *Matrix, f func(float64) float64, d *Matrix) {
	if a.Cols != b.Cols || c.Rows != a.Rows || c.Cols != b.Rows || d.Rows != c.Rows || d.Cols != c.Cols {
		panicShapes("MulT", "c = a·bᵀ ⊙ f(d)", c, a, b, d)
	}
	share(c.Rows, c.Rows*a.Cols*c.Cols, func(from, to int) {
		for i := from; i < to; i++ {
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
			for j, v := range d.Row(i) {
				z[j] *= f(v)
			}
		}
	})
}

// AddTMul adds s times the product aᵀ·b to c:
//
//	c (k×n) += s · aᵀ (k×m) · b (m×n)
//
// Row k of c gains the rows of b, each scaled by s times a number of column k of
// a; four rows of b are added at once.
func (c *Matrix) AddTMul(s float64, a, b *Matrix) {
	if a.Rows != b.Rows || c.Rows != a.Cols || c.Cols != b.Cols {
		panicShapes("AddTMul", "c += s·aᵀ·b", c, a, b)
	}
	share(c.Rows, c.Rows*a.Rows*c.Cols, func(from, to int) {
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
	})
}

// A SparseRow is a row most of whose numbers are 0: it has Value[q] in column
// Where[q], ascending, and 0 in all other columns.
type SparseRow struct {
	Where []uint16
	Value []float32
}

// A Sparse is a matrix of sparse rows. This is how images go into the network:
// four fifths of an image of a digit is exactly 0, and it is most of the speed
// of this program that neither these pixels nor their weights are looked at: they
// would add 0 to a product, and nothing to a gradient. (A weight that is infinite is
// passed over too, though 0·∞ is NaN: SGD checks the weights themselves.)
//
// Its columns are two bands, those before Cut and the others, with about as many
// numbers that are not 0 in each: see MulAddSparse.
type Sparse struct {
	Rows []SparseRow
	Cols int
	Cut  int

	second  Matrix // work space of MulAddSparse: what the second band adds
	columns columns
}

// MulAddSparse is MulAdd of a sparse a:
//
//	c (m×n) = f(a (m×k) · b (k×n) + d (1×n))
//
// The product is the sum of two: that of the first band of a's columns and the
// rows of b that belong to them, and that of the second. Each of the two is made
// whole before they are added, on one core as on many.
//
// That is for the sake of AddTMulSparse: with the mini-batch before, it has changed
// the weights, which are b here, row by row, and what a core has written is in its
// own cache. Were the rows of c shared out, as in MulAdd, each core would need all of b,
// and most of it from other cores. Measured on two, that takes as long as the second
// one saves. In bands, they find what they need where they left it: the caller begins
// with the first part here as there.
func (c *Matrix) MulAddSparse(f func(numbers []float64), a *Sparse, b, d *Matrix) {
	m := len(a.Rows)
	if a.Cols != b.Rows || c.Rows != m || c.Cols != b.Cols || d.Rows != 1 || d.Cols != c.Cols {
		panicShapes("MulAddSparse", "c = f(a·b + d)", c, a, b, d)
	}
	if cap(a.second.Data) < len(c.Data) {
		a.second.Data = make([]float64, len(c.Data))
	}
	a.second = Matrix{m, c.Cols, a.second.Data[:len(c.Data)]}
	share(2*m, a.count()*c.Cols, func(from, to int) {
		for i := from; i < to; i++ { // row i of one product, or row i−m of the other
			if i < m {
				clear(c.Row(i))
				addRows(c.Row(i), 1, a.Rows[i].part(0, a.Cut), b.Data)
			} else {
				clear(a.second.Row(i - m))
				addRows(a.second.Row(i-m), 1, a.Rows[i-m].part(a.Cut, a.Cols), b.Data)
			}
		}
	})
	share(m, workOfExp*len(c.Data), func(from, to int) {
		for i := from; i < to; i++ {
			add1(c.Row(i), 1, a.second.Row(i))
			add1(c.Row(i), 1, d.Data)
		}
		f(c.Data[from*c.Cols : to*c.Cols])
	})
}

// AddTMulSparse adds s times the product aᵀ·b to c:
//
//	c (k×n) += s · aᵀ (k×m) · b (m×n)
//
// This is the step of the first weights: the gradient of the weights of a pixel is
// the pixel times the errors, so that a pixel that is 0 in every image of a
// mini-batch leaves its row of weights untouched. There are two ways to do it.
// Image by image, the errors of one image are added to the rows of all its
// pixels. Or pixel by pixel, the errors of all the images that have a pixel are
// added to its row; see wide.
func (c *Matrix) AddTMulSparse(s float64, a *Sparse, b *Matrix) {
	m := len(a.Rows)
	if m != b.Rows || c.Rows != a.Cols || c.Cols != b.Cols {
		panicShapes("AddTMulSparse", "c += s·aᵀ·b", c, a, b)
	}
	if c.Cols >= wide {
		a.columns.grow(a.Cols, min(m, block))
	}
	share(2*a.Cols, a.count()*c.Cols, func(from, to int) {
		from, to = a.column(from), a.column(to) // these rows of c
		if c.Cols < wide {
			for i := range m {
				addToRows(c.Data, s, a.Rows[i].part(from, to), b.Row(i))
			}
			return
		}
		for i := 0; i < m; i += block {
			a.columns.collect(a.Rows[i:min(i+block, m)], from, to)
			deltas := b.Data[i*b.Cols:]
			for k, n := range a.columns.count[from:to] {
				if n > 0 {
					addRows(c.Row(from+k), s, a.columns.at(from+k, n), deltas)
				}
			}
		}
	})
}

// count returns how many numbers of a are not 0.
func (a *Sparse) count() (n int) {
	for _, row := range a.Rows {
		n += len(row.Where)
	}
	return n
}

// column maps 0 … 2·Cols to the columns of a, so that 0 … Cols is the first band
// and equal steps have about as many numbers in them.
func (a *Sparse) column(t int) int {
	// In int64: an int of 32 bits is too short for the product of two numbers of columns.
	if t <= a.Cols {
		return int(int64(t) * int64(a.Cut) / int64(max(1, a.Cols)))
	}
	return a.Cut + int(int64(t-a.Cols)*int64(a.Cols-a.Cut)/int64(a.Cols))
}

// part returns what r has in the columns from … to−1.
func (r SparseRow) part(from, to int) SparseRow {
	first, end := 0, len(r.Where)
	if end > 0 && int(r.Where[0]) < from {
		first = sort.Search(end, func(q int) bool { return int(r.Where[q]) >= from })
	}
	if end > 0 && int(r.Where[end-1]) >= to {
		end = sort.Search(end, func(q int) bool { return int(r.Where[q]) >= to })
	}
	return SparseRow{r.Where[first:end], r.Value[first:end]}
}

// wide is how long rows must be for AddTMulSparse to go pixel by pixel: a row of
// weights is then read and written once for several images, not for each, but
// which images have which pixel must be found out first. Measured on one core, the
// time of an epoch pixel by pixel over that image by image, with mini-batches of 10:
// 784-30-10, 1.09; 784-60-10, 1.03; 784-100-10, 0.98; 784-300-10, 0.93; on two, a
// little less.
const wide = 64

// block is how many images AddTMulSparse takes at a time when it goes pixel by
// pixel, so that there need not be room for more.
const block = 50

// columns are the columns of some sparse rows, rows at most: column k has
// count[k] numbers, from k*rows on value[…] in row where[…].
type columns struct {
	rows  int
	count []int
	where []uint16
	value []float32
}

// grow makes room for n columns of so many rows.
func (c *columns) grow(n, rows int) {
	if c.rows = rows; n*rows > len(c.where) || n > len(c.count) {
		c.count, c.where, c.value = make([]int, n), make([]uint16, n*rows), make([]float32, n*rows)
	}
}

// collect finds the columns from … to−1 of rows.
func (c *columns) collect(rows []SparseRow, from, to int) {
	count, where, value := c.count, c.where, c.value // locals are faster than fields
	clear(count[from:to])
	for i, row := range rows {
		row = row.part(from, to)
		for q, k := range row.Where {
			at := int(k)*c.rows + count[k]
			where[at], value[at] = uint16(i), row.Value[q]
			count[k]++
		}
	}
}

// at returns column k, which has n numbers.
func (c *columns) at(k, n int) SparseRow {
	first := k * c.rows
	return SparseRow{c.where[first:][:n], c.value[first:][:n]}
}

// addRows adds rows to dst, each scaled:
//
//	dst[j] += Σ over q of s · r.Value[q] · row r.Where[q] [j]      for every j
//
// rows has them one after the other, each as long as dst. Four are added at a
// time, then what is left. Each time dst is read and written once, not once for every
// row, and the products do not wait for each other to be added: four at a time take
// half the time of four times one. (Eight at a time take as long as twice four.)
func addRows(dst []float64, s float64, r SparseRow, rows []float64) {
	n, where, value := len(dst), r.Where, r.Value[:len(r.Where)]
	for len(where) >= 4 {
		k, v := where[:4], value[:4]
		add4(dst, s*float64(v[0]), s*float64(v[1]), s*float64(v[2]), s*float64(v[3]),
			rows[int(k[0])*n:], rows[int(k[1])*n:], rows[int(k[2])*n:], rows[int(k[3])*n:])
		where, value = where[4:], value[4:]
	}
	switch len(where) {
	case 3:
		add3(dst, s*float64(value[0]), s*float64(value[1]), s*float64(value[2]),
			rows[int(where[0])*n:], rows[int(where[1])*n:], rows[int(where[2])*n:])
	case 2:
		add2(dst, s*float64(value[0]), s*float64(value[1]), rows[int(where[0])*n:], rows[int(where[1])*n:])
	case 1:
		add1(dst, s*float64(value[0]), rows[int(where[0])*n:])
	}
}

// add4 adds four rows:
//
//	dst[j] += s0·r0[j] + s1·r1[j] + s2·r2[j] + s3·r3[j]      for every j
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

// addToRows goes the other way, and adds one row to many:
//
//	row r.Where[q] [j] += s · r.Value[q] · src[j]      for every q and every j
//
// rows has them one after the other, each as long as src. Four at a time, it reads
// src once for all of them.
func addToRows(rows []float64, s float64, r SparseRow, src []float64) {
	n, where, value := len(src), r.Where, r.Value[:len(r.Where)]
	for len(where) >= 4 {
		k, v := where[:4], value[:4]
		addTo4(rows[int(k[0])*n:], rows[int(k[1])*n:], rows[int(k[2])*n:], rows[int(k[3])*n:],
			s*float64(v[0]), s*float64(v[1]), s*float64(v[2]), s*float64(v[3]), src)
		where, value = where[4:], value[4:]
	}
	for q, k := range where {
		add1(rows[int(k)*n:][:n], s*float64(value[q]), src)
	}
}

// addTo4 adds src to four rows:
//
//	r0[j] += s0·src[j], r1[j] += s1·src[j], r2[j] += s2·src[j], r3[j] += s3·src[j]      for every j
func addTo4(r0, r1, r2, r3 []float64, s0, s1, s2, s3 float64, src []float64) {
	r0, r1, r2, r3 = r0[:len(src)], r1[:len(src)], r2[:len(src)], r3[:len(src)]
	for j, v := range src {
		r0[j] += s0 * v
		r1[j] += s1 * v
		r2[j] += s2 * v
		r3[j] += s3 * v
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

// AddSum adds s times the sum of the rows of a (m×n) to the row vector b (1×n).
func (b *Matrix) AddSum(s float64, a *Matrix) {
	if b.Rows != 1 || b.Cols != a.Cols {
		panicShapes("AddSum", "b += s·Σ a", b, a)
	}
	share(b.Cols, len(a.Data), func(from, to int) {
		for i := range a.Rows {
			add1(b.Data[from:to], s, a.Row(i)[from:to])
		}
	})
}

// Scale multiplies every number of m by s.
func (m *Matrix) Scale(s float64) {
	share(m.Rows, len(m.Data), func(from, to int) {
		data := m.Data[from*m.Cols : to*m.Cols]
		for i := range data {
			data[i] *= s
		}
	})
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

// String gives the shape of a.
func (a *Sparse) String() string { return fmt.Sprintf("%d×%d", len(a.Rows), a.Cols) }

// panicShapes panics with the name of an operation, its formula and the
// shapes of the matrices in it, in the formula's order.
func panicShapes(operation, formula string, shapes ...fmt.Stringer) {
	panic(fmt.Sprintf("matrix: %s: shapes do not fit %s: %v", operation, formula, shapes))
}

// share calls rows(from, to) for parts of 0 … n−1 that together are all of it,
// and returns when all calls have. It does so on all cores, unless there is too
// little work, counted in multiplications, to be worth it.
//
// rows must compute each number of a result in one call, whole, in an order that
// does not depend on from and to. So it makes no difference to any bit of the
// result how many parts there are, and which core does which.
//
// The parts are a job, which is published. Whoever has time takes the next part:
// the caller at once, and helpers, which are goroutines, when they see the job. A
// job that nobody helps with is simply done by the caller. Of two trainings at
// once, each overwrites the other's job: they lose help by that, never work.
func share(n, work int, rows func(from, to int)) {
	cores := 1
	if work >= worthSharing && !stayAlone(work) {
		cores = min(runtime.GOMAXPROCS(0), processors, n)
	}
	if cores < 2 {
		rows(0, n)
		return
	}
	j := &job{rows: rows, n: n, parts: cores}
	j.left.Store(int32(cores))
	j.done.Add(1)
	published.Store(j)
	for helpers.Load() < int32(cores-1) {
		helpers.Add(1)
		go help()
	}
	began := time.Now()
	j.takeParts()
	j.wait()
	published.CompareAndSwap(j, nil)
	if took := time.Since(began); took > time.Millisecond/2+4*time.Duration(work) {
		lose(took) // even a slow core would have done it alone by now: cores have been taken away
	}
}

// worthSharing is how many multiplications a job must take to be shared: fewer
// are done before another core has noticed. Measured on two cores, the time of an
// epoch of 784-30-10 and 784-100-10 with mini-batches of 10: with 3,500 it is up to
// 4% more than with 3,000, with 6,500 up to 9%, with 12,000 up to 8%.
const worthSharing = 3_000

// processors is how many cores the machine has for this program; tests have more.
var processors = runtime.NumCPU()

// A job is the parts that share has made of 0 … n−1.
type job struct {
	rows  func(from, to int)
	n     int
	parts int
	taken atomic.Int32   // how many times somebody has asked for a part: there are no more than parts
	left  atomic.Int32   // how many parts are not done
	done  sync.WaitGroup // to sleep on until none is left
}

var (
	published atomic.Pointer[job] // the job to help with, or nil
	helpers   atomic.Int32        // how many goroutines look for one
	alone     atomic.Int64        // how many multiplications to do without them; below 0, how many they have shared since the last loss
)

// takeParts takes and does parts of the job until all are taken, and reports
// whether it has done any.
func (j *job) takeParts() (some bool) {
	for int(j.taken.Load()) < j.parts {
		p := int(j.taken.Add(1)) - 1
		if p >= j.parts {
			break
		}
		j.rows(j.bound(p), j.bound(p+1))
		some = true
		if j.left.Add(-1) == 0 {
			j.done.Done()
		}
	}
	return some
}

// bound returns where part p begins.
func (j *job) bound(p int) int { return int(int64(p) * int64(j.n) / int64(j.parts)) }

// help is a helper. It helps with one job after another, and ends when it has
// seen none for a while: most jobs are done sooner than a sleeper is awake. It is
// more patient as long as a job is not done, for there may soon be another.
func help() {
	for looks := 0; looks < maxLooks || looks < 20*maxLooks && published.Load().unfinished(); looks += pause() {
		if j := published.Load(); j != nil && j.takeParts() {
			looks = 0
		}
	}
	helpers.Add(-1)
}

// unfinished reports whether there is a job, and parts of it are not done.
func (j *job) unfinished() bool { return j != nil && j.left.Load() > 0 }

// wait returns when the job is done. It looks for a while before it sleeps.
func (j *job) wait() {
	for looks := 0; looks < maxLooks; looks += pause() {
		if j.left.Load() == 0 {
			return
		}
	}
	j.done.Wait()
}

// lose says that a job has taken so long that nearly all of it was lost: cores are
// taken away, by other programs, or because the program has used up the time it is
// given.
//
// If more has been gained since the loss before, nothing changes: of 10
// multiplications that two cores share, each does 5, which saves more than a
// nanosecond. Otherwise, 100 multiplications for every nanosecond are done alone,
// which takes some 30 times as long as was lost: the program is at least as fast as
// on one core, but for a few percent.
func lose(lost time.Duration) {
	if shared := -alone.Load(); shared > 10*lost.Nanoseconds() {
		alone.Store(0)
	} else {
		alone.Store(100 * lost.Nanoseconds())
	}
}

// stayAlone reports whether a job, worth sharing, is to be done alone all the
// same, and counts it either way.
func stayAlone(work int) bool { return alone.Add(-int64(work)) > 0 }

// maxLooks is how many times to look whether something has happened: for some
// 100 µs.
const maxLooks = 5_000

// pause returns 1, after some 20 ns in which each result waits for the one before.
// Two hyperthreads share one core: while one of them pauses, the other has it.
func pause() int {
	x := 2.0
	for range 4 {
		x = math.Sqrt(x)
	}
	if x > 2 { // never, but the compiler does not know and computes x
		return 0
	}
	return 1
}
