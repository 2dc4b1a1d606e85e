package picture

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"image"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"

	"digits/internal/network2"
	"digits/internal/pickle"
	"digits/internal/show"
)

// first returns the first reading of a picture.
func first(r io.Reader) (*Digit, error) {
	readings, err := Read(r)
	if err != nil {
		return nil, err
	}
	return readings[0], nil
}

// A source draws digits, each in pictures of several kinds.
type source struct {
	name  string
	kinds []string
	draw  func(n, kind int) trial // digit n
}

// A trial is a picture, and the digit in it.
type trial struct {
	digit  int
	direct []float64 // how the digit comes to a network if there is nothing else in the picture
	page   image.Image
}

// drawings are the two sources of drawn strokes.
func drawings() (sources []source) {
	all := append(kinds(), none()...)
	for name, draw := range map[string]func(*rand.Rand, float64) drawing{"strokes": handwritten, "straight": straight} {
		s := source{name: name, draw: func(n, kind int) trial {
			rng := rand.New(rand.NewPCG(uint64(n), 11))
			d := draw(rng, upTo(rng, 0.015, 0.12))
			return trial{d.digit, d.direct(), all[kind].draw(d, rng)}
		}}
		for _, k := range all {
			s.kinds = append(s.kinds, k.name)
		}
		sources = append(sources, s)
	}
	slices.SortFunc(sources, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return sources
}

// What is drawn is read as it would be if there were nothing else in the picture, in one of the
// readings; where there is nothing, or several digits, there is none.
func TestReadDrawings(t *testing.T) {
	if testing.Short() {
		t.Skip("pictures of each kind take a while")
	}
	total, least := 20, 0.75 // pictures of each kind, and the share of them that must be read
	if os.Getenv("DIGITS_TEST") != "all" {
		total, least = 1, 1
	}
	for _, s := range drawings() {
		for k, name := range s.kinds {
			t.Run(s.name+", "+name, func(t *testing.T) {
				t.Parallel()
				right := 0
				for n := range total {
					trial := s.draw(n+1, k)
					readings, err := Read(bytes.NewReader(pngOf(t, trial.page)))
					isRead := slices.ContainsFunc(readings, func(d *Digit) bool { return cosine(d.Pixels, trial.direct) > 0.75 })
					if isRead != (k >= len(kinds())) {
						right++
					} else {
						t.Logf("digit %d, a %d: read %v, %v", n, trial.digit, isRead, err)
					}
				}
				if float64(right) < least*float64(total) {
					t.Errorf("got %d right, want %g of %d", right, least, total)
				}
			})
		}
	}
}

// TestTable prints how a network reads the pictures of each source and kind. It needs MNIST, and
// a saved network whose name is in DIGITS_NET; DIGITS_N is the number of pictures, DIGITS_FROM
// the first. Half of them, from 1,000 on, have not been looked at while the package was written.
func TestTable(t *testing.T) {
	f, err := os.Open(os.Getenv("DIGITS_NET"))
	if err != nil {
		t.Skip("DIGITS_NET names no network: ", err)
	}
	net, err := network2.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	number := func(name string, n int) int {
		if s := os.Getenv(name); s != "" {
			n, _ = strconv.Atoi(s)
		}
		return n
	}
	from, count := number("DIGITS_FROM", 1000), number("DIGITS_N", 200)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 1, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "source\tkind\tdirectly\tright\tfirst\teither\trefused\tconfident\truled\t")
	for _, s := range append([]source{scenes(t, from+count)}, drawings()...) {
		for k, name := range s.kinds {
			var c tally
			c.countAll(net, s, k, from, count)
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", s.name, name,
				c.directly, c.right, c.first, c.either, c.refused, c.confident, c.ruled)
		}
	}
	w.Flush()
}

// scenes are the first n of MNIST's test digits in the settings.
func scenes(t *testing.T, n int) source {
	f, err := os.Open("../../data/mnist.pkl.gz")
	if err != nil {
		t.Skip("no MNIST: ", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	v, err := pickle.Read(z, pickle.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	test := v.(pickle.Tuple)[2].(pickle.Tuple)
	images, labels := test[0].(*pickle.Array), test[1].(*pickle.Array)
	all := append(settings(), refusals()...)
	s := source{name: "mnist", draw: func(n, kind int) trial {
		digit := make([]float64, 28*28)
		images.Floats(digit, n*28*28)
		ink := &plane{28, 28, digit}
		return trial{int(labels.Value(n).(int64)), centre(fit(part(ink, boxOf(ink)))), all[kind].draw(digit, rand.New(rand.NewPCG(uint64(n), 7)))}
	}}
	for _, setting := range all {
		s.kinds = append(s.kinds, setting.name)
	}
	return s
}

// A tally counts pictures.
type tally struct {
	directly, right, first, either int // the network reads the digit: directly, in what is taken, in the first reading, in any
	refused, confident, ruled      int // refused, taken for another digit and not unsure, said to have had ruling
}

// countAll counts the pictures from, from+1, …, of one kind.
func (c *tally) countAll(net *network2.Network, s source, kind, from, count int) {
	var lock sync.Mutex
	var all sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range next {
				trial := s.draw(n, kind)
				var file bytes.Buffer
				encodePNG(&file, trial.page)
				readings, _ := Read(bytes.NewReader(file.Bytes()))
				lock.Lock()
				c.count(net, trial, readings)
				lock.Unlock()
			}
		}()
	}
	for n := range count {
		next <- from + n
	}
	close(next)
	all.Wait()
}

// count counts one picture.
func (c *tally) count(net *network2.Network, trial trial, readings []*Digit) {
	is := func(output []float64) bool { return slices.Index(output, slices.Max(output)) == trial.digit }
	add := func(n *int, ok bool) {
		if ok {
			*n++
		}
	}
	add(&c.directly, is(feedforward(net, trial.direct)))
	if len(readings) == 0 {
		c.refused++
		return
	}
	var outputs [][]float64
	for _, d := range readings {
		outputs = append(outputs, feedforward(net, d.Pixels))
	}
	taken := show.Choose(outputs)
	add(&c.right, is(outputs[taken]))
	add(&c.first, is(outputs[0]))
	add(&c.either, slices.ContainsFunc(outputs, is))
	add(&c.confident, !is(outputs[taken]) && !show.Unsure(outputs[taken]))
	add(&c.ruled, slices.Contains(readings[taken].Done, "ruling removed"))
}

// feedforward returns the activations of the output neurons for the input a.
func feedforward(net *network2.Network, a []float64) []float64 {
	for l, nOut := range net.Sizes[1:] {
		z := slices.Clone(net.Biases[l])
		for j, v := range a {
			for k := range z {
				z[k] += v * net.Weights[l][j*nOut+k]
			}
		}
		for k := range z {
			z[k] = 1 / (1 + math.Exp(-z[k]))
		}
		a = z
	}
	return a
}
