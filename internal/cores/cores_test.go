package cores

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Row i of a 3×2 matrix becomes i in both columns, whichever core computes it.
func ExampleShare() {
	const rows, cols = 3, 2
	c := make([]float64, rows*cols)
	Share(rows, rows*cols, func(from, to int) {
		for i := from; i < to; i++ {
			for j := range cols {
				c[i*cols+j] = float64(i)
			}
		}
	})
	fmt.Println(c)
	// Output: [0 0 1 1 2 2]
}

// onCores runs f as on a machine with so many cores, when the helpers of other tests
// have ended, and with no loss before or after it.
func onCores(cores int, f func()) {
	for n := 0; helpers.Load() > 0 && n < 100_000_000; n++ {
		runtime.Gosched()
	}
	defer Pretend(cores)()
	defer toDoAlone.Store(0)
	shared.Store(0)
	f()
}

// wantGoroutines fails unless there are no more goroutines than before.
func wantGoroutines(t *testing.T, before int) {
	t.Helper()
	for range 1_000_000 { // they may need a moment to end
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// Every row is computed once and whole when Share returns, whoever does it, also
// when several callers share at once; and nobody is left behind.
func TestShare(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, cores := range []int{1, 2, 3, 5, 8, 16} {
		onCores(cores, func() {
			var callers sync.WaitGroup
			for caller := range 3 {
				callers.Add(1)
				go func() {
					defer callers.Done()
					for k := range 300 {
						n := k % 40
						done, calls := make([]int32, n), make([]int32, n)
						Share(n, worthSharing-k%2, func(from, to int) {
							for i := from; i < to; i++ {
								done[i]++
								calls[from]++
							}
						})
						for i, times := range done {
							if times != 1 {
								t.Errorf("%d cores, caller %d: row %d of %d was computed %d times",
									cores, caller, i, n, times)
								return
							}
						}
					}
				}()
			}
			callers.Wait()
		})
	}
	wantGoroutines(t, before)
}

// How many parts there are: one for each core, unless there is too little to do
// or cores have been taken away.
func TestShareParts(t *testing.T) {
	for name, c := range map[string]struct {
		cores, n, work int
		toDoAlone      int64
		want           int
	}{
		"one core":            {1, 100, 1 << 30, 0, 1},
		"eight":               {8, 100, worthSharing, 0, 8},
		"too little to share": {8, 100, worthSharing - 1, 0, 1},
		"fewer rows":          {8, 3, worthSharing, 0, 3},
		"one row":             {8, 1, worthSharing, 0, 1},
		"late just now":       {8, 100, worthSharing, math.MaxInt64, 1},
		"no longer late":      {8, 100, worthSharing, worthSharing, 8},
		"many rows":           {7, math.MaxInt32, worthSharing, 0, 7}, // times 7 it needs more than 32 bits
	} {
		onCores(c.cores, func() {
			toDoAlone.Store(c.toDoAlone)
			var parts atomic.Int32
			Share(c.n, c.work, func(from, to int) {
				parts.Add(1)
				least := c.n / c.want
				if rows := to - from; rows < least || rows > least+1 {
					t.Errorf("%s: one of %d parts of %d rows is %d to %d", name, c.want, c.n, from, to)
				}
			})
			if int(parts.Load()) != c.want {
				t.Errorf("%s: %d parts, want %d", name, parts.Load(), c.want)
			}
		})
	}
}

// Share uses no more cores than Go does, nor more than the machine has or Pretend says.
func TestPretend(t *testing.T) {
	procs, had := runtime.GOMAXPROCS(0), processors
	toDoAlone.Store(math.MaxInt64)
	restore := Pretend(5)
	for _, c := range []struct{ procs, want int }{{5, 5}, {3, 3}, {6, 5}} {
		runtime.GOMAXPROCS(c.procs)
		var parts atomic.Int32
		Share(100, worthSharing, func(from, to int) { parts.Add(1) })
		if int(parts.Load()) != c.want {
			t.Errorf("on 5 cores, if Go uses %d: %d parts, want %d", c.procs, parts.Load(), c.want)
		}
		toDoAlone.Store(0) // the machine may be busy, and this have been a loss
	}
	restore()
	if runtime.GOMAXPROCS(0) != procs || processors != had {
		t.Errorf("afterwards Go uses %d cores of %d, want %d of %d", runtime.GOMAXPROCS(0), processors, procs, had)
	}
}

// A helper is patient again when it has done a part, so it must be told whether it has.
func TestTakeParts(t *testing.T) {
	var rows [3]int
	j := &job{n: 3, parts: 2, rows: func(from, to int) {
		for i := from; i < to; i++ {
			rows[i]++
		}
	}}
	j.left.Store(2)
	j.done.Add(1)
	if some := j.takeParts(); !some || rows != [3]int{1, 1, 1} || j.unfinished() {
		t.Errorf("takeParts = %v, the rows were done %v times, and the job is not done: %v", some, rows, j.unfinished())
	}
	if some := j.takeParts(); some || rows != [3]int{1, 1, 1} {
		t.Errorf("when nothing is left, takeParts = %v, and the rows were done %v times", some, rows)
	}
}

// A helper that takes long is waited for, in sleep.
func TestShareWaits(t *testing.T) {
	stack := func(all bool) string {
		text := make([]byte, 1<<20)
		return string(text[:runtime.Stack(text, all)])
	}
	onCores(2, func() {
		var byHelper, asleep atomic.Bool
		Share(2, worthSharing, func(from, to int) {
			if strings.Contains(stack(false), ".help(") {
				byHelper.Store(true)
				for n := 0; !asleep.Load() && n < 10_000; n++ {
					asleep.Store(strings.Contains(stack(true), "sync.(*WaitGroup).Wait"))
				}
				return
			}
			for n := 0; !byHelper.Load() && n < 10_000_000; n++ { // give it time to come
				runtime.Gosched()
			}
		})
		if !byHelper.Load() || !asleep.Load() {
			t.Errorf("a helper did one of two parts: %v; the caller slept until it was done: %v",
				byHelper.Load(), asleep.Load())
		}
	})
}

// After a loss, jobs are done alone, 100 multiplications for every nanosecond,
// unless more has been gained since the last one.
func TestLose(t *testing.T) {
	parts := func(work int) (n int) {
		var calls atomic.Int32
		Share(2, work, func(from, to int) { calls.Add(1) })
		return int(calls.Load())
	}
	for name, c := range map[string]struct {
		shared, work int // multiplications before a loss of 1,000 ns, and of each job after it
		want         []int
	}{
		"at once":            {0, 50_000, []int{1, 2}},
		"a little more":      {0, 49_999, []int{1, 1, 2}},
		"had gained less":    {10_000, 50_000, []int{1, 2}},
		"had gained more":    {10_001, 50_000, []int{2, 2}},
		"had shared nothing": {worthSharing - 1, 50_000, []int{1, 2}},
	} {
		onCores(2, func() {
			parts(c.shared)
			lose(1000)
			for k, want := range c.want {
				if got := parts(c.work); got != want {
					t.Errorf("%s: job %d after the loss: %d parts, want %d", name, k, got, want)
				}
			}
		})
	}
	onCores(2, func() {
		parts(10_001)
		lose(1000)
		lose(1000)
		if parts(50_000) != 1 {
			t.Error("what was gained before one loss is set against the next")
		}
	})
	onCores(2, func() {
		lose(1000)
		parts(99_999)
		lose(1000)
		if parts(50_000) != 1 {
			t.Error("what was done alone is taken for shared")
		}
	})
	onCores(2, func() {
		long := func(from, to int) {
			for began := time.Now(); time.Since(began) < time.Millisecond; {
			}
		}
		losses := 0
		for range 5 { // on a busy machine, one may take 20 ms indeed
			Share(2, 5_000_000, long)
			if toDoAlone.Load() > 0 {
				losses++
			}
			shared.Store(0)
			toDoAlone.Store(0)
		}
		if losses == 5 {
			t.Error("a job of 1 ms, which may take 20 ms, is a loss")
		}
		Share(2, worthSharing, long)
		if toDoAlone.Load() < 100*time.Millisecond.Nanoseconds() {
			t.Error("a job of 1 ms, which should take less than 0.1 ms, is not a loss")
		}
	})
}

// What sharing costs: ten rows, each of some multiplications.
func BenchmarkShare(b *testing.B) {
	const n = 10
	sums, x := make([]float64, n), make([]float64, 10_000)
	for _, k := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprintf("%dx%d", n, k), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				Share(n, n*k, func(from, to int) {
					for i := from; i < to; i++ {
						for _, v := range x[:k] {
							sums[i] += 1.1 * v
						}
					}
				})
			}
		})
	}
}

// A panic reaches the caller of Share, on whichever core it happens; then all others have
// ended, no job is left for anybody to help with, and the next one is done as ever.
func TestSharePanics(t *testing.T) {
	onCores(4, func() {
		for range 20 {
			var begun, ended atomic.Int32
			panicked := func() (v any) {
				defer func() { v = recover() }()
				Share(4, worthSharing, func(from, to int) {
					defer ended.Add(1)
					for begun.Add(1); begun.Load() < 2; { // two at the same time: one is a helper
						runtime.Gosched()
					}
					panic("row out of range")
				})
				return nil
			}()
			if panicked != "row out of range" || ended.Load() != 4 || published.Load() != nil {
				t.Fatalf("the panic is %v, after %d of 4 parts, and there is a job: %v", panicked, ended.Load(), published.Load() != nil)
			}
			var rows atomic.Int32
			Share(8, worthSharing, func(from, to int) { rows.Add(int32(to - from)) })
			if rows.Load() != 8 {
				t.Fatalf("after the panic %d rows of 8 are computed", rows.Load())
			}
		}
	})
}
