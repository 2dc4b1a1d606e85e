package page

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// ---- networks and digits to test with ----

// trainedPage returns the page of a 784-30-10 network that reads most of
// testDigits; see testdata/make_fixtures.py. The digits it misreads are on it.
func trainedPage(t *testing.T) *Page {
	t.Helper()
	f, err := os.Open("testdata/trained.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	p := &Page{Origin: "testdata"}
	if err := json.NewDecoder(text).Decode(p); err != nil {
		t.Fatal(err)
	}
	addScore(t, p)
	return p
}

// randomPage returns the page of a new network whose weights and biases are
// normal numbers, those of the weights with a standard deviation of 1/√nIn.
func randomPage(rng *rand.Rand, sizes ...int) *Page {
	p := &Page{Sizes: sizes, Cost: "QuadraticCost", Origin: "seed 1"}
	for l, nOut := range sizes[1:] {
		w, b := make([]float64, sizes[l]*nOut), make([]float64, nOut)
		for i := range w {
			w[i] = rng.NormFloat64() / math.Sqrt(float64(sizes[l]))
		}
		for k := range b {
			b[k] = rng.NormFloat64()
		}
		p.Weights, p.Biases = append(p.Weights, w), append(p.Biases, b)
	}
	return p
}

// newRand returns random numbers that are the same in every run.
func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// addScore says on the page how well its network reads testDigits.
func addScore(t *testing.T, p *Page) {
	t.Helper()
	for _, d := range testDigits(t) {
		p.Total++
		if d.Read = best(feedforward(p, d.Pixels)); d.Read == d.Label {
			p.Right++
		} else {
			p.Misread = append(p.Misread, d)
		}
	}
}

// testDigits returns the 400 digits in testdata/digits.png, in an order in
// which their labels are 0, 1, …, 9, 0, 1, …; see testdata/make_fixtures.py.
func testDigits(t *testing.T) []Digit {
	t.Helper()
	f, err := os.Open("testdata/digits.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []Digit
	for n := range 400 {
		d := Digit{Label: n % 10}
		for k := range 28 * 28 {
			grey := img.(*image.Gray).GrayAt(28*(n/10)+k%28, 28*(n%10)+k/28)
			d.Pixels = append(d.Pixels, float64(grey.Y)/256)
		}
		all = append(all, d)
	}
	return all
}

// feedforward returns the activations of the output neurons for the input a,
// computed without anything of the page's: a ← σ(a·w + b), layer by layer.
func feedforward(p *Page, a []float64) []float64 {
	for l, nOut := range p.Sizes[1:] {
		z := slices.Clone(p.Biases[l])
		for j, v := range a {
			for k := range z {
				z[k] += v * p.Weights[l][j*nOut+k]
			}
		}
		for k := range z {
			z[k] = 1 / (1 + math.Exp(-z[k]))
		}
		a = z
	}
	return a
}

// best returns the index of the highest activation.
func best(a []float64) int { return slices.Index(a, slices.Max(a)) }

// ---- the file ----

// textOf returns the text of a page.
func textOf(t *testing.T, p *Page) string {
	t.Helper()
	var text strings.Builder
	if err := p.Write(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// contentOf returns what the JSON in a page says.
func contentOf(t *testing.T, page string) content {
	t.Helper()
	_, text, found := strings.Cut(page, `<script type="application/json" id="network">`)
	text, _, closed := strings.Cut(text, "</script>")
	var c content
	if err := json.Unmarshal([]byte(text), &c); !found || !closed || err != nil {
		t.Fatalf("the network's element is found %v, closed %v, its JSON: %v", found, closed, err)
	}
	return c
}

// floatsOf returns the numbers of which b has the float32, the lowest byte first.
func floatsOf(b []byte) []float64 {
	var numbers []float64
	for ; len(b) > 0; b = b[4:] {
		numbers = append(numbers, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	}
	return numbers
}

// networkOf returns the page of the network alone that the content has.
func networkOf(c content) *Page {
	p := &Page{Sizes: c.Sizes}
	for l := range c.Weights {
		p.Weights = append(p.Weights, floatsOf(c.Weights[l]))
		p.Biases = append(p.Biases, floatsOf(c.Biases[l]))
	}
	return p
}

// wantClose wants every number to be within tolerance of what is wanted.
func wantClose(t *testing.T, name string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", name, len(got), len(want))
		return
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance) {
			t.Errorf("%s: number %d is %v, want %v", name, i, got[i], want[i])
			return
		}
	}
}

// The JSON of a network of two weights, number by number. 1 is the float32
// 00 00 80 3f, the lowest byte first, −2 is 00 00 00 c0, and 0.5 is 00 00 00 3f.
func TestWriteJSON(t *testing.T) {
	p := &Page{Sizes: []int{2, 1}, Weights: [][]float64{{1, -2}}, Biases: [][]float64{{0.5}},
		Cost: "QuadraticCost", Origin: "seed 1", Right: 3, Total: 5,
		Misread:  []Digit{{Label: 7, Read: 1, Pixels: []float64{0, 1}}, {Label: 4, Read: 9, Pixels: []float64{0.5, 100.6 / 256}}},
		Training: 6, Learn: []Digit{{Label: 2, Pixels: []float64{0, 1}}, {Label: 3, Pixels: []float64{0.25, 0}}},
		Curves: []Curve{{"of 5 digits", nil}, {"of none", nil}, {"of 1", []float64{1}}}}
	p.Curves[0].Add(3, 4)
	p.Curves[0].Add(1, 4)
	want := `<script type="application/json" id="network">` +
		`{"sizes":[2,1],"weights":["AACAPwAAAMA="],"biases":["AAAAPw=="],` +
		`"cost":"QuadraticCost","origin":"seed 1","right":3,"total":5,` +
		`"misread":[{"digit":7,"read":1,"pixels":"AP8="},{"digit":4,"read":9,"pixels":"gGU="}],` +
		`"training":6,"learn":{"labels":"AgM=","packed":"AQH/AAFAAQA="},` + // 1 0, 1 not, 255; 0 0, 1 not, 64, 1 0, 0 not
		`"check":{"labels":"","packed":""},"curves":[{"name":"of 5 digits","values":[0.75,0.25]},{"name":"of 1","values":[1]}]}` +
		`</script>`
	text := textOf(t, p)
	if _, after, _ := strings.Cut(text, "\n<script"); !strings.HasPrefix("<script"+after, want) {
		t.Errorf("got\n%.400s\nwant\n%s", "<script"+after, want)
	}
	if got := strings.Replace(text, want, `<script type="application/json" id="network">THE NETWORK</script>`, 1); got != source {
		t.Error("the rest of the page is not page.html")
	}
}

// The page has the network, every number as the float32 nearest to it, with
// outputs that are the network's to 1e-5, how many test digits it reads
// correctly, and the first twelve that it misreads.
func TestWriteNetwork(t *testing.T) {
	digits := testDigits(t)
	deep, flat := randomPage(newRand(3), 784, 7, 5, 10), randomPage(newRand(4), 784, 10)
	addScore(t, deep)
	addScore(t, flat)
	for name, p := range map[string]*Page{"trained": trainedPage(t), "two hidden layers": deep, "no hidden layer": flat} {
		c := contentOf(t, textOf(t, p))
		got := networkOf(c)
		for l := range p.Weights {
			wantClose(t, fmt.Sprintf("%s: weights %d", name, l), got.Weights[l], rounded(p.Weights[l]), 0)
			wantClose(t, fmt.Sprintf("%s: biases %d", name, l), got.Biases[l], rounded(p.Biases[l]), 0)
		}
		for _, d := range digits[:200] {
			wantClose(t, name+": outputs", feedforward(got, d.Pixels), feedforward(p, d.Pixels), 1e-5)
		}
		if !slices.Equal(c.Sizes, p.Sizes) || c.Cost != p.Cost || c.Origin != p.Origin {
			t.Errorf("%s: %v, %s, %s", name, c.Sizes, c.Cost, c.Origin)
		}
		if c.Right != p.Right || c.Total != 400 {
			t.Errorf("%s: %d of %d are right, want %d of 400", name, c.Right, c.Total, p.Right)
		}
		wantMisread(t, name, c.Misread, p.Misread)
	}
}

// rounded returns numbers as float32 has them.
func rounded(numbers []float64) []float64 {
	out := make([]float64, len(numbers))
	for i, v := range numbers {
		out[i] = float64(float32(v))
	}
	return out
}

// wantMisread wants the first twelve of the digits, of which there must be more.
// Their pixels are whole numbers of 256ths.
func wantMisread(t *testing.T, name string, got []digit, all []Digit) {
	t.Helper()
	if len(all) <= 12 {
		t.Errorf("%s: only %d digits are misread, which does not test the limit", name, len(all))
	}
	var want []digit
	for _, d := range all[:12] {
		w := digit{Label: d.Label, Read: d.Read}
		for _, v := range d.Pixels {
			w.Pixels = append(w.Pixels, byte(256*v))
		}
		want = append(want, w)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: misread %v, want %v", name, got, want)
	}
}

// Digits are packed without loss, also where more than 255 pixels in a row are 0, or are not.
func TestPack(t *testing.T) {
	digits := testDigits(t)[:40]
	for _, runs := range [][]int{{784, 0}, {0, 784}, {255, 255, 274, 0}, {256, 256, 100, 1, 170, 1}, {0, 1, 782, 1}, {510, 0, 0, 274}} {
		d := Digit{Label: len(runs)}
		for n, run := range runs {
			for range run {
				d.Pixels = append(d.Pixels, float64(n%2)*float64(1+len(d.Pixels)%200)/256)
			}
		}
		digits = append(digits, d)
	}
	all := (&Page{Sizes: []int{784}}).pack(digits)
	at := 0
	for i, d := range digits {
		var got []float64
		for len(got) < 784 {
			paper, ink := int(all.Packed[at]), int(all.Packed[at+1])
			got = append(got, make([]float64, paper)...)
			for _, v := range all.Packed[at+2 : at+2+ink] {
				got = append(got, float64(v)/256)
			}
			at += 2 + ink
		}
		if wantClose(t, fmt.Sprintf("digit %d", i), got, d.Pixels, 0); int(all.Labels[i]) != d.Label {
			t.Errorf("digit %d is a %d, want %d", i, all.Labels[i], d.Label)
		}
	}
	if at != len(all.Packed) || len(all.Labels) != len(digits) {
		t.Errorf("%d of %d bytes are read, there are %d labels", at, len(all.Packed), len(all.Labels))
	}
}

var errFull = errors.New("disk full")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errFull }

// A network that misreads nothing has an empty list, which is not JSON's null;
// and weights beyond float32 stay finite.
func TestWriteEdges(t *testing.T) {
	p := randomPage(newRand(1), 784, 10)
	p.Weights[0][0], p.Weights[0][1] = 1e300, -1e300
	page := textOf(t, p)
	if !strings.Contains(page, `"misread":[]`) {
		t.Error("the list of misread digits is not []")
	}
	w := networkOf(contentOf(t, page)).Weights[0]
	if w[0] != math.MaxFloat32 || w[1] != -math.MaxFloat32 {
		t.Errorf("1e300 and −1e300 are %v and %v, want the largest float32", w[0], w[1])
	}
	if err := p.Write(failingWriter{}); err != errFull {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
}

// Whatever a name says, it is a string in the JSON and nothing else.
func TestWriteEscapes(t *testing.T) {
	p := randomPage(newRand(1), 784, 10)
	for _, name := range []string{"</script><script>alert(1)</script>", "<!--<script>", "]]>&lt;&quot;'\"\\",
		"\u2028\u2029", marker, "%s%d", "\xff\x00"} {
		p.Cost, p.Origin = name, name
		page := textOf(t, p)
		if want := strings.ToValidUTF8(name, "\ufffd"); contentOf(t, page).Origin != want || contentOf(t, page).Cost != want {
			t.Errorf("%q is on the page as %q", name, contentOf(t, page).Origin)
		}
		for _, tag := range []string{"<script", "</script", "<!--"} {
			if got, want := strings.Count(page, tag), strings.Count(source, tag); got != want {
				t.Errorf("%q: %d times %s on the page, want %d", name, got, tag, want)
			}
		}
	}
	if n := strings.Count(source, marker); n != 1 {
		t.Errorf("page.html has the place of the network %d times, want once", n)
	}
}

// A page is small enough to be sent to a friend.
func TestWriteSize(t *testing.T) {
	for _, c := range []struct{ hidden, limit int }{{30, 1_000_000}, {300, 2_500_000}} {
		p := randomPage(newRand(1), 784, c.hidden, 10)
		p.Misread = testDigits(t)[:MaxMisread]
		for len(p.Learn) < MaxLearn+MaxCheck {
			p.Learn = append(p.Learn, testDigits(t)...)
		}
		if size := len(textOf(t, p)); size > c.limit {
			t.Errorf("784-%d-10: %d bytes, want at most %d", c.hidden, size, c.limit)
		}
	}
}

func TestWritePanics(t *testing.T) {
	fits := func() *Page {
		return &Page{Sizes: []int{2, 1}, Weights: [][]float64{{1, 2}}, Biases: [][]float64{{3}},
			Misread: []Digit{{Pixels: []float64{0, 1}}}}
	}
	textOf(t, fits())
	for name, c := range map[string]struct {
		change func(p *Page)
		want   string
	}{
		"a weight too few": {func(p *Page) { p.Weights[0] = p.Weights[0][:1] }, "1 weights and 1 biases from 2 to 1 neurons"},
		"a bias too many":  {func(p *Page) { p.Biases[0] = []float64{3, 4} }, "2 weights and 2 biases from 2 to 1 neurons"},
		"a pixel too few":  {func(p *Page) { p.Learn = []Digit{{Pixels: []float64{1}}} }, "a digit of 1 pixels for 2 input neurons"},
		"a pixel too many": {func(p *Page) { p.Misread[0].Pixels = make([]float64, 3) }, "a digit of 3 pixels for 2 input neurons"},
	} {
		p := fits()
		c.change(p)
		func() {
			defer func() {
				if got, want := fmt.Sprint(recover()), "page: Write: "+c.want; got != want {
					t.Errorf("%s: panic %q, want %q", name, got, want)
				}
			}()
			p.Write(failingWriter{})
		}()
	}
}

func TestCheckSizes(t *testing.T) {
	for _, c := range []struct {
		sizes []int
		want  string
	}{
		{[]int{784, 30, 10}, ""},
		{[]int{784, 10}, ""},
		{[]int{784, 100, 100, 10}, ""},
		{[]int{784, 5282, 10}, ""},   // 4,193,908 weights
		{[]int{784, 1024, 3312}, ""}, // 4,194,304
		{[]int{784, 5283, 10}, "the network has 4194702 weights; the limit for a page is 4194304"},
		{[]int{784, 1, 1 << 22, 1}, "the network has 8389392 weights; the limit for a page is 4194304"},
		{[]int{784, 1 << 30, 10}, "the network has 852551008256 weights; the limit for a page is 4194304"},
		{[]int{12, 3, 10}, "what is drawn has 784 pixels, the digits have 12"},
		{[]int{785, 10}, "what is drawn has 784 pixels, the digits have 785"},
	} {
		got := ""
		if err := CheckSizes(c.sizes); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%v: got %q, want %q", c.sizes, got, c.want)
		}
	}
}

// The source is told from a page; and one that has lost its place for the network makes no page.
func TestIsSource(t *testing.T) {
	p := randomPage(newRand(1), 784, 3, 10)
	if text := textOf(t, p); IsSource([]byte(text)) || !IsSource([]byte(source)) || IsSource([]byte("<html>")) {
		t.Error("a page is taken for page.html, or page.html for a page")
	}
	defer func(s string) { source = s }(source)
	for _, broken := range []string{"", textOf(t, p), source + marker} {
		source = broken
		var out strings.Builder
		if err := p.Write(&out); err == nil || !strings.Contains(err.Error(), "no place for a network") || out.Len() > 0 {
			t.Errorf("page.html of %d bytes: got the error %v and %d bytes", len(broken), err, out.Len())
		}
	}
}
