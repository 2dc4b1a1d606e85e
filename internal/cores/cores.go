// Package cores shares out the rows of a result among the cores of the machine:
//
//	cores.Share(n, n*k, func(from, to int) { … }) // compute rows from … to−1, k multiplications each
//
// Share cuts the rows into parts, one for each core. They are a job. The caller takes
// one part after another, and so do helpers: goroutines that look for the job published
// last, and end when there is none for a while. Without help, the caller does it all.
//
// The calls run at the same time. So each must write its own rows and nothing else,
// and must not read what another writes. If it computes each number in an order that
// does not depend on from and to, the result has the same bits on any number of cores.
// A panic in one of them reaches the caller of Share, whichever core it happens on.
package cores

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Share calls rows(from, to) for parts of 0 … n−1, in which each row occurs once, and
// returns when all calls have. work is how many multiplications all rows take, about.
// Share works alone, with one call rows(0, n), on one core or one row, if there is too
// little work, and for a while after other programs or a quota have taken cores away.
// If a call panics, Share panics with its value, once all have ended.
func Share(n, work int, rows func(from, to int)) {
	cores := 1
	if work >= worthSharing && countJob(work) {
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
	if v := j.panicked.Load(); v != nil {
		panic(*v)
	}
	if took := time.Since(began); took > time.Millisecond/2+4*time.Duration(work) {
		lose(took) // even a slow core, of 4 ns a multiplication, would have been faster alone
	}
}

// worthSharing is the least work that is shared: less is done before a helper sees it.
// Measured on two cores: if it were 3,500, an epoch would take up to 4% longer; 6,500, 9%.
const worthSharing = 3_000

var (
	processors = runtime.NumCPU()  // no more cores than this are used
	published  atomic.Pointer[job] // the job to help with, or nil
	helpers    atomic.Int32        // how many goroutines run help
	shared     atomic.Int64        // multiplications shared since the last loss, see lose
	toDoAlone  atomic.Int64        // multiplications to do before sharing again: none from 0 down
)

// A job is the parts that Share has made of rows 0 … n−1.
type job struct {
	rows     func(from, to int)
	n, parts int
	next     atomic.Int32   // the part to take next: none if it is not below parts
	left     atomic.Int32   // how many parts are not done
	done     sync.WaitGroup // to sleep on until none is left
	panicked atomic.Pointer[any]
}

// takeParts does parts of j until all are taken. It reports whether it has done any.
func (j *job) takeParts() (some bool) {
	for {
		p := int(j.next.Add(1)) - 1
		if p >= j.parts {
			return some
		}
		j.do(p)
		some = true
	}
}

// isOpen reports whether there is a job, and parts of it are not taken.
func (j *job) isOpen() bool { return j != nil && int(j.next.Load()) < j.parts }

// do does part p. It keeps the value of a panic for Share, because on a helper nobody
// could recover it.
func (j *job) do(p int) {
	defer func() {
		if v := recover(); v != nil {
			j.panicked.Store(&v)
		}
		if j.left.Add(-1) == 0 {
			j.done.Done()
		}
	}()
	j.rows(j.begin(p), j.begin(p+1))
}

// begin returns the first row of part p, or n for p = parts.
func (j *job) begin(p int) int { return int(int64(p) * int64(j.n) / int64(j.parts)) }

// help is a helper. It does not sleep: most jobs are done before a sleeper is awake.
// It looks longer while a job is not done, because another may come soon after it.
func help() {
	for looks := 0; looks < maxLooks || looks < 20*maxLooks && published.Load().unfinished(); looks++ {
		if j := published.Load(); j.isOpen() && j.takeParts() {
			looks = 0
		}
		pause()
	}
	helpers.Add(-1)
}

// unfinished reports whether there is a job, and parts of it are not done.
func (j *job) unfinished() bool { return j != nil && j.left.Load() > 0 }

// wait returns when all parts of j are done. It looks for a while before it sleeps.
func (j *job) wait() {
	for looks := 0; looks < maxLooks; looks++ {
		if j.left.Load() == 0 {
			return
		}
		pause()
	}
	j.done.Wait()
}

const maxLooks = 5_000 // with the pauses between them, they take 50 to 100 µs

// pause takes 10 to 20 ns, in which a hyperthread leaves its core to the other one.
func pause() {
	x := 2.0
	for range 4 {
		x = math.Sqrt(x) // must wait for the root before
	}
	if x > 2 { // never, but the compiler does not know this, so it keeps the loop
		panic("cores: a root of 2 is above 2")
	}
}

// lose gets the time of a job that was far too slow because cores were taken away: nearly
// all of it is lost. Two cores save about 0.15 ns a multiplication. So if more than 10 for
// each ns lost have been shared since the last loss, sharing saves more than it loses, and
// goes on. If not, the next 100 for each ns lost are done alone. For example, 4 ms are
// lost: 40 million shared multiplications saved 6 ms; 400 million alone take 120 ms, and
// 4 ms are 3% of it.
func lose(lost time.Duration) {
	if shared.Swap(0) <= 10*lost.Nanoseconds() {
		toDoAlone.Store(100 * lost.Nanoseconds())
	}
}

// countJob counts a job worth sharing, and reports whether it may be shared.
func countJob(work int) (share bool) {
	share = toDoAlone.Load() <= 0 || toDoAlone.Add(-int64(work)) <= 0
	if share {
		shared.Add(int64(work))
	}
	return share
}

// Pretend is for tests: until restore is called, Share works as on so many cores, and
// as if nothing had been lost before. Share must not run during either call.
func Pretend(cores int) (restore func()) {
	procs, had := runtime.GOMAXPROCS(cores), processors
	processors = cores
	toDoAlone.Store(0)
	return func() {
		runtime.GOMAXPROCS(procs)
		processors = had
	}
}
