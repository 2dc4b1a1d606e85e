package page

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"digits/internal/picture"
)

// The page in a real browser. One browser shows the pages of all these tests,
// one after the other, because starting it takes most of a second.
func TestInBrowser(t *testing.T) {
	b := openBrowser(t)
	t.Run("reads as picture.Read", b.testReads)
	t.Run("in hand", b.testInHand)
	t.Run("other layers", b.testOtherLayers)
	t.Run("learns", b.testLearns)
	t.Run("gradient", b.testGradient)
}

// ---- what is drawn is read as a picture of it ----

// The page reads a drawing as picture.Read and the network do: strokes of every
// width, with dust, and test digits set on the paper. The page knows that all
// there is on the paper was drawn, and picture.Read must find that out. So they
// differ where a stroke reaches the border, as a shadow would, or is as straight
// and as long as ruling. A few of these drawings have such a stroke.
func (b *browser) testReads(t *testing.T) {
	p, digits, rng := trainedPage(t), testDigits(t), newRand(1)
	b.open(t, p)
	drawings := 10
	if os.Getenv("DIGITS_TEST") == "all" {
		drawings = 100
	}
	var compared sync.WaitGroup // while the browser reads the next drawing
	var apart atomic.Int32
	for i := range drawings {
		pixels := digits[5+i/2].Pixels // from one on that is paler when it is made smaller
		// A second stroke, because the page gives a test digit alone to the network as it is.
		drawing := fmt.Sprintf("[{pixels: [%s]}, {pixels: []}]", bytesOf(pixels))
		if i%2 == 0 || onBorder(pixels) {
			drawing = randomStrokes(rng)
		}
		var r reading
		b.evaluate("strokes = "+drawing+"; think(); "+thought, &r)
		compared.Add(1)
		go func() {
			defer compared.Done()
			if r.wantAgrees(t, fmt.Sprintf("drawing %d", i), p) < 0 {
				apart.Add(1)
			}
		}()
	}
	compared.Wait()
	var cols float64 // as of picture's fit
	if b.evaluate("{ const line = newPlane(20, 1); line.data.fill(1); fit(line).cols; }", &cols); cols != 3 {
		t.Errorf("a line of 20×1 becomes %v wide, want 3", cols)
	}
	if n := int(apart.Load()); n > max(1, drawings/20) {
		t.Errorf("of %d drawings picture.Read takes %d for more than a digit", drawings, n)
	}
}

// A reading is what the page makes of what is drawn on it.
type reading struct {
	PNG            string // of the paper, as a data URL
	Pixels, Output []float64
}

// thought is the reading of the page now, in the page's words.
const thought = `({PNG: find('#paper').toDataURL(), Pixels: [...input],
	Output: [...feedforward(input).a.slice(-1)[0]]})`

// wantAgrees wants the page's pixels and outputs to be those of picture.Read and
// of the network for the same paper, and returns the digit that these read. It
// returns −1 if picture.Read took the drawing for more than a digit: for several,
// or for one with ruling.
func (r reading) wantAgrees(t *testing.T, name string, p *Page) int {
	t.Helper()
	_, file, _ := strings.Cut(r.PNG, "base64,")
	readings, err := picture.Read(base64.NewDecoder(base64.StdEncoding, strings.NewReader(file)))
	if err != nil || len(readings[0].Done) > 0 {
		return -1
	}
	digit := readings[0]
	output := feedforward(p, digit.Pixels)
	wantClose(t, name+": pixels", r.Pixels, digit.Pixels, 1e-3)
	wantClose(t, name+": outputs", r.Output, output, 1e-3)
	return best(output)
}

// onBorder reports whether there is ink on the border of an image of 28×28 pixels.
func onBorder(pixels []float64) bool {
	for k, v := range pixels {
		if v > 0 && (k < 28 || k >= 27*28 || k%28 == 0 || k%28 == 27) {
			return true
		}
	}
	return false
}

// bytesOf writes pixels from 0 to 1 as bytes with commas between them.
func bytesOf(pixels []float64) string {
	text := make([]string, len(pixels))
	for k, v := range pixels {
		text[k] = strconv.Itoa(int(256*v) - int(v))
	}
	return strings.Join(text, ",")
}

// randomStrokes returns one to four strokes for the page's script, and a dot, off the border.
func randomStrokes(rng *rand.Rand) string {
	var all []string
	for range 1 + rng.IntN(4) {
		x, y := 60+160*rng.Float64(), 60+160*rng.Float64()
		var points []string
		for range 2 + rng.IntN(8) {
			points = append(points, fmt.Sprintf("[%.2f, %.2f]", x, y))
			x, y = min(max(x+60*rng.NormFloat64(), 20), 260), min(max(y+60*rng.NormFloat64(), 20), 260)
		}
		all = append(all, fmt.Sprintf("{width: %d, points: [%s]}", 4+4*rng.IntN(7), strings.Join(points, ", ")))
	}
	all = append(all, fmt.Sprintf("{width: %d, points: [[%d, %d]]}", 4+rng.IntN(30), 20+rng.IntN(240), 20+rng.IntN(240)))
	return "[" + strings.Join(all, ", ") + "]"
}

// ---- hands on the page ----

// A hand draws a seven, undoes it, draws a one by keyboard and another by finger,
// looks at a neuron, and clicks on the digits that the network misreads.
func (b *browser) testInHand(t *testing.T) {
	p := trainedPage(t)
	b.open(t, p)
	b.mouse("mousePressed", "#paper", 0.25, 0.2)
	b.mouse("mouseMoved", "#paper", 0.75, 0.2)
	b.mouse("mouseMoved", "#paper", 0.7, 0.3)
	b.mouse("mouseMoved", "#paper", 0.5, 0.85)
	b.wantRead("a seven, before the pen is lifted", p, "7", "")
	b.mouse("mouseReleased", "#paper", 0.5, 0.85)
	b.wantRead("a seven", p, "7", "The network reads 7.")
	var ends [][]float64 // on the paper, which is 280 wide and high whatever its size on the screen
	b.evaluate("[strokes[0].points[0], strokes[0].points.at(-1)]", &ends)
	wantClose(t, "where the seven begins and ends", slices.Concat(ends...), []float64{0.25 * 280, 0.2 * 280, 0.5 * 280, 0.85 * 280}, 1)
	b.wantAdded(p)
	b.click("#undo")
	b.wantRead("undone", p, "–", "Nothing is drawn.")
	var lit float64
	b.evaluate(`[...document.querySelectorAll('td i')].reduce((sum, bar) => sum + bar.getBoundingClientRect().width, 0)
		+ neurons.reduce((sum, { button }) => sum + Number(button.style.getPropertyValue('--a')), 0)`, &lit)
	if shown := strings.Join(b.texts("#outputs td, #adds small, #by"), ""); lit != 0 || strings.Trim(shown, "0") != "" {
		t.Errorf("on an empty paper bars and frames of %v are lit, and it says %q", lit, shown)
	}
	b.evaluate("find('#paper').focus()", nil)
	b.key(" ")
	for range 16 {
		b.key("ArrowDown")
	}
	b.wantRead("a one, before the pen is lifted", p, "1", "The pen is down.")
	b.key(" ")
	b.wantRead("a one", p, "1", "The network reads 1.")
	b.key(" ")
	b.click("#clear")
	b.wantRead("cleared", p, "–", "Nothing is drawn.")
	var down bool
	if b.evaluate("current !== null || find('#ring').className === 'down'", &down); down {
		t.Error("cleared while the pen is down: it still is")
	}
	b.click("#thicker")
	b.touch("touchStart", "#paper", 0.55, 0.2)
	b.touch("touchMove", "#paper", 0.5, 0.5)
	b.touch("touchMove", "#paper", 0.45, 0.8)
	b.touch("touchEnd", "#paper", 0, 0)
	b.wantRead("a one by finger", p, "1", "The network reads 1.")
	var dark float64 // pixels of the paper's middle row, which the line crosses
	b.evaluate("[...paper.getImageData(0, 140, 280, 1).data].filter((v, k) => k % 4 === 0 && v < 128).length", &dark)
	wantClose(t, "how wide the thicker pen's line is", []float64{dark}, []float64{24}, 1)
	var touch string
	if b.evaluate("getComputedStyle(find('#paper')).touchAction", &touch); touch != "none" {
		t.Errorf("touch-action is %s: a finger scrolls the page, where it should draw", touch)
	}
	var drawn []float64 // of the first neuron's weights: blue above zero, red below
	b.evaluate("[...document.querySelector('.neurons canvas').getContext('2d').getImageData(0, 0, 28, 28).data]", &drawn)
	for j := range 784 {
		if w := p.Weights[0][30*j]; drawn[4*j+3] > 50 && (drawn[4*j+2] > drawn[4*j]) != (w > 0) {
			t.Errorf("the weight of pixel %d is %v, and drawn in %v", j, w, drawn[4*j:4*j+4])
		}
	}
	b.wantTexts("#which", fmt.Sprintf("The program’s network: 784-30-10 neurons, CrossEntropyCost, testdata: reads %d of 400 test digits correctly.", p.Right))
	for i, misread := range p.Misread[:MaxMisread] {
		button := fmt.Sprintf("#misread button:nth-child(%d)", i+1)
		b.click(button)
		b.wantTexts(button+", #answer b", strconv.Itoa(misread.Read), fmt.Sprintf("%d as %d", misread.Label, misread.Read))
		var pixels []float64
		b.evaluate("[...input]", &pixels)
		wantClose(t, fmt.Sprintf("misread digit %d: pixels", i), pixels, misread.Pixels, 0)
	}
}

// wantTexts wants the elements of the selector, in their order on the page, to have these texts.
func (b *browser) wantTexts(selector string, want ...string) {
	b.t.Helper()
	if got := b.texts(selector); !slices.Equal(got, want) {
		b.t.Errorf("%s: the page has %q, want %q", selector, got, want)
	}
}

// wantRead wants the page to show this digit, and to say this; and the digit, if
// it is one, to be what picture.Read and the network read.
func (b *browser) wantRead(name string, p *Page, digit, said string) {
	b.t.Helper()
	if got := b.texts("#answer b, #said"); !slices.Equal(got, []string{said, digit}) {
		b.t.Errorf("%s: the page says and reads %q, want %q and %q", name, got, said, digit)
	}
	if digit == "–" {
		return
	}
	var r reading
	b.evaluate(thought, &r)
	if got := strconv.Itoa(r.wantAgrees(b.t, name, p)); got != digit {
		b.t.Errorf("%s: the network reads %s, want %s", name, got, digit)
	}
}

// wantAdded wants the page to show what a neuron of the first hidden layer adds to
// each z, when it is pointed at: the neuron with the highest activation, and another.
// It is how much lower z is in a network in which nothing listens to the neuron.
func (b *browser) wantAdded(p *Page) {
	b.t.Helper()
	var r reading
	b.evaluate(thought, &r)
	z := func(p *Page, digit int) float64 { // σ, backwards
		a := feedforward(p, r.Pixels)[digit]
		return math.Log(a / (1 - a))
	}
	hidden := &Page{Sizes: p.Sizes[:2], Weights: p.Weights[:1], Biases: p.Biases[:1]}
	for _, k := range []int{best(feedforward(hidden, r.Pixels)), 3} {
		without := &Page{Sizes: p.Sizes, Weights: slices.Clone(p.Weights), Biases: p.Biases}
		without.Weights[1] = slices.Clone(p.Weights[1])
		clear(without.Weights[1][k*p.Sizes[2] : (k+1)*p.Sizes[2]])
		b.mouse("mouseMoved", fmt.Sprintf(".neurons button:nth-child(%d)", k+1), 0.5, 0.5)
		texts := b.texts("#adds small")
		if len(texts) != 10 {
			b.t.Fatalf("neuron %d: what it adds is shown for %d digits, want 10", k, len(texts))
		}
		var tops []float64 // of the bars, whose foot is at 30
		b.evaluate("[...document.querySelectorAll('#adds i')].map((bar) => parseFloat(bar.style.top))", &tops)
		for digit, text := range texts {
			got, err := strconv.ParseFloat(strings.Replace(text, "−", "-", 1), 64)
			want := z(p, digit) - z(without, digit)
			if err != nil || math.Abs(got-want) > 0.0051 || got != 0 && (tops[digit] < 30) != (want > 0) {
				b.t.Errorf("neuron %d adds %s to the z of %d, and its bar begins at %v, want %.2f", k, text, digit, tops[digit], want)
			}
		}
	}
}

// Networks with two hidden layers and with none have pages too.
func (b *browser) testOtherLayers(t *testing.T) {
	for _, sizes := range [][]int{{784, 7, 5, 10}, {784, 10}} {
		p, name := randomPage(newRand(1), sizes...), fmt.Sprint(sizes)
		p.Learn = testDigits(t)[:20*(len(sizes)-2)] // none without a hidden layer
		b.open(t, p)
		var hidden []bool
		b.evaluate("[find('#learning').hidden, find('#training').hidden]", &hidden)
		if !slices.Equal(hidden, []bool{len(p.Learn) == 0, true}) {
			t.Errorf("%s: learning and training are hidden: %v", name, hidden)
		}
		neuron := ".neurons button:nth-child(3)"
		b.mouse("mouseMoved", neuron, 0.5, 0.5)
		b.mouse("mousePressed", "#paper", 0.5, 0.2)
		b.mouse("mouseMoved", "#paper", 0.5, 0.8)
		b.mouse("mouseReleased", "#paper", 0.5, 0.8)
		var r reading
		b.evaluate(thought, &r)
		digit := strconv.Itoa(best(r.Output))
		b.wantRead(name, p, digit, "The network reads "+digit+".")
		if len(sizes) > 2 {
			b.wantAdded(p)
		}
	}
}

// ---- the network learns on the page ----

// The network learns from the digits in the page: it reads more and more, what is shown is
// what it has become, and the trained one comes back as it was.
func (b *browser) testLearns(t *testing.T) {
	p, digits := trainedPage(t), testDigits(t)
	p.Learn, p.Check, p.Training = digits[:305], digits[350:], 50_000
	p.Curves = []Curve{{"of 9 test digits", []float64{0.52, 0.751, 1}}, {"of 7 training digits", []float64{0.6, 0.8, 0.9}}}
	b.open(t, p)
	for i, d := range p.Learn[:2] {
		var learned struct {
			Digit  int
			Pixels []float64
		}
		b.evaluate(fmt.Sprintf("({digit: trainingDigits[%d].digit, pixels: [...inputOf(trainingDigits[%[1]d].pixels)]})", i), &learned)
		if wantClose(t, "a digit to learn from", learned.Pixels, d.Pixels, 0); learned.Digit != d.Label {
			t.Errorf("digit %d to learn from is a %d, want %d", i, learned.Digit, d.Label)
		}
	}
	b.wantTexts("#trained td, #trained th", "epoch", "of 9 test digits", "of 7 training digits",
		"0", "52.0%", "60.0%", "1", "75.1%", "80.0%", "2", "100.0%", "90.0%")
	var hidden bool
	if b.evaluate("find('#training').hidden || find('#learning').hidden", &hidden); hidden {
		t.Error("learning or training is hidden")
	}
	var curve string // 50% is at the bottom, 170, and 100% at the top, 10
	if b.evaluate("find('#trained path.line0').getAttribute('d')", &curve); curve != "M60 163.6L322.5 89.68L585 10h0" {
		t.Errorf("the curve of the training is %s", curve)
	}
	b.wantTexts("#trained text[text-anchor=middle], #rate", "0.5", "0", "1", "2")
	if text := b.texts("#learningText")[0]; !strings.Contains(text, "The program has 50000 training digits") {
		t.Errorf("it says %q", text)
	}
	b.mouse("mousePressed", "#paper", 0.5, 0.2)
	b.mouse("mouseMoved", "#paper", 0.5, 0.8)
	b.mouse("mouseReleased", "#paper", 0.5, 0.8)
	before, picture := b.texts("#outputs td:last-child"), b.picture()
	b.click("#one")
	b.wantTexts("#progress, #learn, #by", "by the program’s network and 1 mini-batches", "Learn", "Mini-batches since the program’s network: 1. ")
	b.wantTexts("#said", "Mini-batches since the program’s network: 1. ")
	b.evaluate("find('#init').value = 'normal'", nil)
	b.click("#anew")
	var normal float64
	b.evaluate("weights[0].reduce((sum, w) => sum + w * w / weights[0].length, 0)", &normal)
	if math.Abs(normal-1) > 0.05 {
		t.Errorf("the weights have the variance %v, want 1", normal)
	}
	b.evaluate("find('#init').value = 'scaled'", nil)
	b.click("#anew")
	if b.picture() == picture {
		t.Error("the pictures are still those of the old weights")
	}
	b.wantTexts("#progress, #learn, #by", "by random weights", "Learn", "Mini-batches since random weights: 0. ")
	if shown := b.texts("#outputs td:last-child"); slices.Equal(shown, before) {
		t.Errorf("random weights give the same outputs as the trained ones: %q", shown)
	}
	var spread []float64 // the means of the squares
	b.evaluate("[weights[0], weights[1], biases[0]].map((v) => v.reduce((sum, x) => sum + x * x / v.length, 0))", &spread)
	if math.Abs(784*spread[0]-1) > 0.05 || math.Abs(30*spread[1]-1) > 0.4 || spread[2] < 0.3 || spread[2] > 3 {
		t.Errorf("weights and biases have the variances %v, want 1/784, 1/30 and about 1", spread)
	}
	b.evaluate("for (let n = 0; n < 29; n++) find('#one').onclick()", nil)
	b.click("#one")
	b.wantTexts("#progress", "Mini-batches since random weights: 30. ")
	b.click("#one") // a mini-batch of 5, and the test
	var right float64
	b.evaluate("testDigits.filter(({ pixels, digit }) => answer(feedforward(inputOf(pixels)).a[last]) === digit).length", &right)
	b.wantTexts("#progress", fmt.Sprintf("Mini-batches since random weights: 31. Epoch 0: %v / 50 test digits.", right))
	var sorted bool
	if b.evaluate("trainingDigits.slice(0, 50).every(({ digit }, i) => digit === i % 10)", &sorted); sorted {
		t.Error("the digits are not shuffled")
	}
	var used []float64 // images in an epoch, and the length of the first and of the last step, over η
	b.evaluate(`{
		const realBackprop = backprop, realAdd = addGradient, images = new Set(), lengths = [], epoch = sgd();
		backprop = (x, digit) => { images.add(x.join()); return realBackprop(x, digit); };
		addGradient = (s, ...rest) => { lengths.push(s / eta()); realAdd(s, ...rest); };
		for (const before = scores.length; scores.length === before;) epoch.next();
		[backprop, addGradient] = [realBackprop, realAdd];
		[images.size, lengths.length, lengths[0], lengths.at(-1)];
	}`, &used)
	wantClose(t, "an epoch's images, its parts of a step, the length of the first and the last", used, []float64{305, 305, -1. / 10, -1. / 5}, 1e-9)
	b.click("#learn")
	var lives bool
	b.evaluate(`new Promise((done) => setTimeout(() => done(steps > 31 && find('#progress').textContent === progress()
		&& find('#outputs').rows[1].cells[2].textContent === feedforward(input).a[last][1].toFixed(2)), 300))`, &lives)
	if !lives {
		t.Error("while it learns, the page does not show what it has become")
	}
	var scores []float64
	b.evaluate(`new Promise((done) => {
		const picture = () => neurons[29].button.firstChild.toDataURL(), first = picture();
		const look = () => (scores.length >= 20 && picture() !== first ? done(scores) : setTimeout(look, 20));
		look();
	})`, &scores)
	b.click("#learn")
	if last := scores[len(scores)-1]; last < 0.7 || last < scores[0] {
		t.Errorf("after each epoch it reads %.2f of the digits, want 0.70 at last", scores)
	}
	var same struct{ Learns, Rests, Shows, Picture bool }
	b.texts("#progress")
	b.evaluate(`{
		const had = steps, draw = document.createElement('canvas');
		drawWeights(draw, neurons[0].layer, neurons[0].k);
		const shown = find('#outputs').rows[1].cells[2].textContent, is = feedforward(input).a[last][1].toFixed(2);
		new Promise((done) => setTimeout(() => done({Learns: had > 200, Rests: had === steps,
			Shows: shown === is, Picture: draw.toDataURL() === neurons[0].button.firstChild.toDataURL()}), 100));
	}`, &same)
	if !same.Learns || !same.Rests || !same.Shows || !same.Picture {
		t.Errorf("paused, it is %+v, want all true", same)
	}
	var rows, tall float64
	if b.evaluate("find('#live table').rows.length", &rows); rows < 20 {
		t.Errorf("the table of the learning curve has %v rows", rows)
	}
	b.evaluate("find('#misread').getBoundingClientRect().bottom + scrollY - document.documentElement.scrollHeight", &tall)
	var told bool
	b.evaluate(`[...find('#live table').rows].slice(1).every((row, e) =>
		row.cells[1].textContent === (100 * scores[e]).toFixed(1) + '%') && find('#said').textContent === progress()`, &told)
	if !told {
		t.Error("the table or what is said is not what was learned")
	}
	if math.Abs(tall) > 50 {
		t.Errorf("the page is %v pixels longer than what is on it", -tall)
	}
	for _, button := range []string{"#anew", "#one", "#learn"} { // what is done before going back
		b.click(button)
		b.click("#back")
		if got := b.texts("#outputs td:last-child"); !slices.Equal(got, before) || b.picture() != picture {
			t.Errorf("%s, then back to the program's network: the outputs are %q, want %q, or the pictures are others", button, got, before)
		}
		b.wantTexts("#progress, #learn", "Learn", "Mini-batches since the program’s network: 0. ")
	}
	if b.evaluate("find('#live table').rows.length", &rows); rows != 1 {
		t.Errorf("back again, the table of the learning curve has %v rows", rows)
	}
	b.click("#learn")
	b.click("#one")
	b.wantTexts("#learn", "Learn")
}

// picture returns how the weights of the first neuron are drawn, once they are.
func (b *browser) picture() (data string) {
	b.t.Helper()
	b.evaluate("new Promise((done) => setTimeout(() => done(neurons[0].button.firstChild.toDataURL()), 100))", &data)
	return data
}

// The gradient on the page is numpy's for the same weights and digits, and so is the
// program's: its own tests compare it with the same file.
func (b *browser) testGradient(t *testing.T) {
	text, err := os.ReadFile("../../testdata/numpy.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name, Cost      string
		Sizes, Labels   []int
		Pixels          [][]float64 // to be divided by 256
		Weights, NablaW [][][]float64
		Biases, NablaB  [][]float64
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		p := &Page{Sizes: c.Sizes, Biases: c.Biases, Cost: "QuadraticCost"}
		if c.Cost != "" {
			p.Cost = c.Cost
		}
		for _, w := range c.Weights {
			p.Weights = append(p.Weights, transposed(w))
		}
		b.open(t, p)
		var got struct{ W, B [][]float64 }
		digits, _ := json.Marshal(c.Pixels)
		labels, _ := json.Marshal(c.Labels)
		b.evaluate(fmt.Sprintf(`{
			const zero = (arrays) => arrays.map((array) => new Float64Array(array.length)), W = zero(weights), B = zero(biases);
			%s.forEach((pixels, i) => addGradient(1, backprop(inputOf(pixels), %s[i]), B, W));
			({W: W.map((w) => [...w]), B: B.map((b) => [...b])});
		}`, digits, labels), &got)
		for l := range c.NablaW {
			want := transposed(c.NablaW[l])
			largest := max(slices.Max(want), -slices.Min(want))
			wantClose(t, fmt.Sprintf("%s: ∂C/∂w of layer %d", c.Name, l+1), got.W[l], want, 1e-4*largest)
			wantClose(t, fmt.Sprintf("%s: ∂C/∂b of layer %d", c.Name, l+1), got.B[l], c.NablaB[l], 1e-4*largest)
		}
	}
}

// transposed returns the weights of the book's orientation in that of the page, row after row.
func transposed(w [][]float64) (all []float64) {
	for from := range w[0] {
		for to := range w {
			all = append(all, w[to][from])
		}
	}
	return all
}

// ---- the browser ----

// A browser is a headless Chromium that shows one page. It is spoken to in the
// DevTools protocol, JSON messages that end in a 0 byte, through two pipes.
type browser struct {
	t        *testing.T    // the test whose page is shown
	commands io.Writer     // descriptor 3 of the browser
	messages *bufio.Reader // descriptor 4
	last     int           // the id of the last command
	session  string        // of the page
	wrong    []string      // what the page has asked for or complained of
}

// message is what the browser says: the answer to a command, or an event.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// browserFlags start Chromium without its sandbox, which root cannot have: it
// shows nothing but our own pages. It looks up no hosts and loads no extensions,
// nor the menus of its address bar, which take a second of processor time.
var browserFlags = []string{"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
	"--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
	"--disable-sync", "--disable-quic", "--disable-extensions",
	"--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup", "--remote-debugging-pipe"}

// openBrowser starts a browser, and stops it when the test is over. It skips the
// test where there is no Chromium.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" || runtime.GOOS == "windows" { // where a process cannot be given descriptors
		t.Skip("the page is not opened: chromium is not installed, or cannot be given pipes here")
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Minute) // should it hang
	cmd := exec.CommandContext(ctx, program, append(browserFlags, "--user-data-dir="+t.TempDir(), "about:blank")...)
	theirIn, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	messages, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, commands: commands, messages: bufio.NewReader(messages)}
	t.Cleanup(func() {
		io.WriteString(commands, `{"id": 0, "method": "Browser.close"}`+"\x00")
		io.Copy(io.Discard, messages) // until its end of the pipe is closed
		cmd.Wait()
		stop()
		commands.Close()
		messages.Close()
	})
	b.attach()
	return b
}

// attach has the browser report on its one page from now on.
func (b *browser) attach() {
	b.t.Helper()
	var targets struct {
		TargetInfos []struct{ TargetID, Type string }
	}
	b.call("Target.getTargets", "{}", &targets)
	var attached struct{ SessionID string }
	for _, target := range targets.TargetInfos {
		if target.Type == "page" {
			b.call("Target.attachToTarget", fmt.Sprintf(`{"targetId": %q, "flatten": true}`, target.TargetID), &attached)
		}
	}
	b.session = attached.SessionID
	for _, domain := range []string{"Runtime", "Log", "Network", "Page"} {
		b.call(domain+".enable", "{}", nil)
	}
}

// open shows the page in the browser, and waits until it is there; when the test
// is over, the page must have asked for nothing and complained of nothing.
func (b *browser) open(t *testing.T, p *Page) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(textOf(t, p)), 0o666); err != nil {
		t.Fatal(err)
	}
	b.t, b.wrong = t, nil
	b.call("Page.navigate", fmt.Sprintf(`{"url": %q}`, "file://"+filepath.ToSlash(file)), nil)
	for b.next().Method != "Page.loadEventFired" {
	}
	t.Cleanup(func() {
		for _, wrong := range b.wrong {
			t.Errorf("the page has asked or complained: %s", wrong)
		}
	})
}

// call sends a command and waits for its result.
func (b *browser) call(method, params string, result any) {
	b.t.Helper()
	b.last++
	session := ""
	if b.session != "" {
		session = fmt.Sprintf(`, "sessionId": %q`, b.session)
	}
	fmt.Fprintf(b.commands, `{"id": %d, "method": %q, "params": %s%s}`+"\x00", b.last, method, params, session)
	m := b.next()
	for m.ID != b.last {
		m = b.next()
	}
	if m.Error != nil {
		b.t.Fatalf("%s %s: %s", method, params, m.Error)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(m.Result, result); err != nil {
		b.t.Fatalf("%s: %v in %s", method, err, m.Result)
	}
}

// next returns the next message, and remembers it if it is of a request or an error.
func (b *browser) next() (m message) {
	b.t.Helper()
	text, err := b.messages.ReadBytes(0)
	if err == nil {
		err = json.Unmarshal(text[:len(text)-1], &m)
	}
	if err != nil {
		b.t.Fatalf("the browser says no more: %v", err)
	}
	request := m.Method == "Network.requestWillBeSent" && !bytes.Contains(m.Params, []byte(`"type":"Document"`))
	said := slices.Contains([]string{"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}, m.Method)
	if request || said {
		b.wrong = append(b.wrong, m.Method+" "+string(m.Params))
	}
	return m
}

// evaluate returns in value what an expression of the page's script is; of a
// promise, what it becomes.
func (b *browser) evaluate(expression string, value any) {
	b.t.Helper()
	quoted, err := json.Marshal(expression)
	if err != nil {
		b.t.Fatal(err)
	}
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	b.call("Runtime.evaluate",
		fmt.Sprintf(`{"expression": %s, "awaitPromise": true, "returnByValue": true}`, quoted), &answer)
	if answer.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, answer.ExceptionDetails)
	}
	if value == nil {
		return
	}
	if err := json.Unmarshal(answer.Result.Value, value); err != nil {
		b.t.Fatalf("%s: %v in %s", expression, err, answer.Result.Value)
	}
}

// mouse has the browser move, press or release the mouse over an element: at x
// and y, from 0 to 1, of it.
func (b *browser) mouse(kind, selector string, x, y float64) {
	b.t.Helper()
	params := `{"type": %q, "x": %f, "y": %f, "button": "left", "buttons": 1, "clickCount": 1}`
	if kind == "mouseMoved" {
		params = `{"type": %q, "x": %f, "y": %f, "buttons": 1}`
	}
	left, top := b.at(selector, x, y)
	b.call("Input.dispatchMouseEvent", fmt.Sprintf(params, kind, left, top), nil)
}

// touch is mouse for a finger.
func (b *browser) touch(kind, selector string, x, y float64) {
	b.t.Helper()
	points := ""
	if kind != "touchEnd" {
		left, top := b.at(selector, x, y)
		points = fmt.Sprintf(`{"x": %f, "y": %f}`, left, top)
	}
	b.call("Input.dispatchTouchEvent", fmt.Sprintf(`{"type": %q, "touchPoints": [%s]}`, kind, points), nil)
}

// at returns where on the screen a point of an element is, and has it be there.
func (b *browser) at(selector string, x, y float64) (left, top float64) {
	b.t.Helper()
	var box struct{ Left, Top, Width, Height float64 }
	b.evaluate(fmt.Sprintf(`{
		const element = find(%q);
		element.scrollIntoView({block: 'center'});
		element.getBoundingClientRect().toJSON();
	}`, selector), &box)
	return box.Left + x*box.Width, box.Top + y*box.Height
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.mouse("mousePressed", selector, 0.5, 0.5)
	b.mouse("mouseReleased", selector, 0.5, 0.5)
}

// key has the browser press a key.
func (b *browser) key(name string) {
	b.t.Helper()
	b.call("Input.dispatchKeyEvent", fmt.Sprintf(`{"type": "keyDown", "key": %q}`, name), nil)
	b.call("Input.dispatchKeyEvent", fmt.Sprintf(`{"type": "keyUp", "key": %q}`, name), nil)
}

// texts returns the texts of elements once the next picture of the screen is drawn.
func (b *browser) texts(selector string) (texts []string) {
	b.t.Helper()
	b.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))", nil)
	b.evaluate(fmt.Sprintf("[...document.querySelectorAll(%q)].map((e) => e.textContent)", selector), &texts)
	return texts
}
