// Package show shows things in a terminal: what a network answers, which digits it
// confuses, an image in characters, how far a long job has come, names and errors.
package show

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sizes writes the sizes of a network as 784-30-10. Of a great many it leaves out most.
func Sizes(sizes []int) string {
	const most = 20
	if n := len(sizes); n > most {
		return fmt.Sprintf("%s-…-%d (%d layers)", Sizes(sizes[:most]), sizes[n-1], n)
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(sizes), " ", "-"), "[]")
}

// Name returns the name of a file as it is; or quoted, if a character in it would do
// something to a terminal, such as begin a new line.
func Name(name string) string {
	if escaped(name) != name {
		return strconv.Quote(name)
	}
	return name
}

// Line returns text as one line for a terminal. Characters that would do something to the
// terminal are escaped as in Go: a new line is \n. Of a very long text the middle is left out.
func Line(text string) string {
	const most = 1000
	if len(text) > 2*most {
		text = text[:most] + " … " + text[len(text)-most:]
	}
	return escaped(text)
}

// escaped returns text as strconv.Quote has it, but with its own " and \.
func escaped(text string) string {
	quoted := strconv.Quote(text)
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(quoted[1 : len(quoted)-1])
}

// Answer writes the outputs of a network, one for each digit, the highest first:
// "7 (7 0.98, 1 0.03, …)". Of equal ones the lower digit comes first. If the answer is
// in doubt, it ends in ", unsure".
func Answer(output []float64) string {
	order, each := make([]int, len(output)), make([]string, len(output))
	for digit := range order {
		order[digit] = digit
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(output[j], output[i]) })
	for i, digit := range order {
		each[i] = fmt.Sprintf("%d %.2f", digit, output[digit])
	}
	answer := fmt.Sprintf("%d (%s)", order[0], strings.Join(each, ", "))
	if Unsure(output) {
		answer += ", unsure"
	}
	return answer
}

// Unsure reports whether an answer is in doubt: no output is above one half, or the
// second is at least half as high as the highest.
func Unsure(output []float64) bool {
	sorted := slices.Clone(output)
	slices.Sort(sorted)
	n := len(sorted)
	return !(sorted[n-1] > 0.5 && sorted[n-2] < sorted[n-1]/2)
}

// Choose returns which reading of a picture to take, given the outputs for each of them:
// the first, in which the least is taken away from the picture, unless they are unsure of it
// and sure of another.
func Choose(outputs [][]float64) int {
	if Unsure(outputs[0]) {
		for n, output := range outputs {
			if !Unsure(output) {
				return n
			}
		}
	}
	return 0
}

// Digits is how many digits there are.
const Digits = 10

// A Confusion counts answers: c[digit][answer] is how often digit was read as answer.
type Confusion [Digits][Digits]int

// Write writes c as a table, in which "." is 0, and then the pairs that were confused
// most often, five at most:
//
//	right \ read     0     1 …
//	           0   977     . …
//
//	most often confused:
//	    21 times 4 read as 9
func (c *Confusion) Write(w io.Writer) error {
	type pair struct{ digit, answer, times int }
	var worst []pair
	var out bytes.Buffer
	fmt.Fprint(&out, "\nright \\ read")
	for answer := range Digits {
		fmt.Fprintf(&out, "%6d", answer)
	}
	for digit, row := range c {
		fmt.Fprintf(&out, "\n%12d", digit)
		for answer, times := range row {
			if times == 0 {
				fmt.Fprintf(&out, "%6s", ".")
				continue
			}
			fmt.Fprintf(&out, "%6d", times)
			if answer != digit {
				worst = append(worst, pair{digit, answer, times})
			}
		}
	}
	fmt.Fprintln(&out)
	slices.SortStableFunc(worst, func(a, b pair) int { return b.times - a.times })
	for i, p := range worst[:min(5, len(worst))] {
		if i == 0 {
			fmt.Fprintln(&out, "\nmost often confused:")
		}
		fmt.Fprintf(&out, "%6d times %d read as %d\n", p.times, p.digit, p.answer)
	}
	_, err := out.WriteTo(w)
	return err
}

// Mistakes writes to w how often each digit was read as which, and draws n of the images that were
// misread. Image i shows labels[i] and was read as answers[i]; its pixels are image(i), in
// rows of the given width.
func Mistakes(w io.Writer, n int, labels []uint8, answers []int, image func(i int) []float64, width int) error {
	var count Confusion
	for i, answer := range answers {
		count[labels[i]][answer]++
	}
	if err := count.Write(w); err != nil {
		return err
	}
	for i, answer := range answers {
		if int(labels[i]) == answer {
			continue
		}
		if n--; n < 0 {
			break
		}
		if _, err := fmt.Fprintf(w, "\ntest digit %d: %d read as %d\n", i, labels[i], answer); err != nil {
			return err
		}
		if err := Image(w, image(i), width); err != nil {
			return err
		}
	}
	return nil
}

// Sheet draws n images of squares, image(0) and so on, as Image draws one: three side by side,
// in as many rows as it takes. They overlap by two pixels, which are paper in images of digits: so
// three images of 28 pixels fit into the 80 columns of a terminal.
func Sheet(w io.Writer, n int, image func(i int) []float64, width int) error {
	const across, overlap = 3, 2
	step := max(1, width-overlap)
	whole := across*step + width - step
	pixels := make([]float64, ((n-1)/across*step+width)*whole)
	for i := range n {
		at := i/across*step*whole + i%across*step
		for k, v := range image(i) {
			p := &pixels[at+k/width*whole+k%width]
			*p = max(*p, v)
		}
	}
	return Image(w, pixels, whole)
}

// Image draws an image on w in characters, in colour if w is a terminal, not a dumb one, and its
// user has not set NO_COLOR (https://no-color.org). The pixels, from 0 to 1, are
// in rows of the given width; 0 stands for a single row.
func Image(w io.Writer, pixels []float64, width int) error {
	if width == 0 {
		width = len(pixels)
	}
	_, err := io.WriteString(w, draw(pixels, width, IsTerminal(w) && os.Getenv("NO_COLOR") == ""))
	return err
}

// draw returns an image in characters, each of them two pixels, one above the other. In
// colour they are half blocks, whose foreground is the upper pixel and whose background
// is the lower, each in one of the 24 greys of terminals. Plain, a character is as dark
// as both together.
func draw(pixels []float64, width int, colour bool) string {
	const plain = " .:-=+*#%@"
	var all strings.Builder
	for i := 0; i < len(pixels); i += 2 * width {
		var line strings.Builder
		for j := i; j < i+width; j++ {
			upper, lower := pixels[j], 0.0
			if j+width < len(pixels) {
				lower = pixels[j+width]
			}
			if colour {
				fmt.Fprintf(&line, "\x1b[38;5;%dm\x1b[48;5;%dm▀", 232+int(23*upper), 232+int(23*lower))
			} else {
				line.WriteByte(plain[int((upper+lower)/2*float64(len(plain)-1)+0.5)])
			}
		}
		if colour {
			line.WriteString("\x1b[0m")
		}
		fmt.Fprintln(&all, strings.TrimRight(line.String(), " "))
	}
	return all.String()
}

// IsTerminal reports whether w is a terminal, and not a dumb one. Go's own library
// tells terminals only from files and pipes; of the other devices, the one to which
// output is commonly sent is known by its name, os.DevNull.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// NewMeter returns a function to be called with how much of a job is done, again and
// again until done is total. It shows "37%" on w, at most five times a second, once the
// job has taken a second, and wipes it out when the job is done; the next call begins
// another job. If w is no terminal, NewMeter returns nil.
func NewMeter(w io.Writer) func(done, total int) {
	if !IsTerminal(w) {
		return nil
	}
	return meter(w, time.Now)
}

// meter is NewMeter on anything. now tells the time.
func meter(w io.Writer, now func() time.Time) func(done, total int) {
	const wipe = "\r       \r"
	var next time.Time // when to show something again; zero between jobs
	shown := false
	return func(done, total int) {
		t := now()
		switch {
		case done == total:
			if shown {
				io.WriteString(w, wipe)
			}
			next, shown = time.Time{}, false
		case next.IsZero():
			next = t.Add(time.Second)
		case t.After(next):
			fmt.Fprintf(w, "\r%3d%%", 100*done/total)
			next, shown = t.Add(200*time.Millisecond), true
		}
	}
}
