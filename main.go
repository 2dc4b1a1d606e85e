// Digits learns to read handwritten digits.
//
// It is the program of chapter 1 of Michael Nielsen's Neural Networks and Deep
// Learning (http://neuralnetworksanddeeplearning.com/chap1.html) in plain Go:
// a network of sigmoid neurons, trained by mini-batch stochastic gradient
// descent with backpropagation. Flags add what chapter 3 does: the cross-entropy
// cost, better first weights, regularization, early stopping.
//
//	go run . -epochs 30
//
// prints after each epoch how many of the test digits the network classifies correctly:
//
//	Epoch 0: 9062 / 10000
//	...
//
//	go run . -epochs 30 -save net.json
//	go run . -load net.json seven.png
//
// keeps the network in a file, and has it read a picture of a digit:
//
//	seven.png: 7 (7 0.98, 2 0.03, ...)
//
// digits -h lists the flags. Results go to standard output, everything else to
// standard error. The exit status is 0; 2 when the command line is wrong, whatever is in
// the files; 1 when anything else fails.
//
// The files are written to be read in this order. Where a file uses a name of a later
// one, the name and its comment are enough:
//
//	network.go  the book: a network, its training, backpropagation
//	matrix.go   the matrix, its products, the loops where most of the time goes
//	loader.go   from the pickle in a file to three sets of digits
//	main.go     the command: which data, the run, the output
//
// The rest of a careful program, the flags among it, is in rooms of its own: packages
// under internal/, which import nothing of this one. Each begins with its manual.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"image"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"digits/internal/cores"
	"digits/internal/distort"
	"digits/internal/files"
	"digits/internal/network2"
	"digits/internal/options"
	"digits/internal/page"
	"digits/internal/picture"
	"digits/internal/show"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole command: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	o, err := options.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		err = o.Usage(stdout)
	} else if err == nil {
		err = (&command{Options: o, stdout: stdout, stderr: stderr}).perform()
	}
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "digits: %s\n", show.Line(err.Error()))
	var usage *options.Error
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

// A command is one run of the program.
type command struct {
	*options.Options
	stdout, stderr io.Writer

	// The files behind -save and -page, after following links. checkOutputs finds them.
	saveFile, pageFile string
	judged, monitored  page.Curve // for the page: of the digits that judge an epoch; with -monitor, of training digits
}

// perform does what the flags ask for: it makes or loads a network, trains it
// or tests it, and has it read the images. If all there is to do is to read
// images with a loaded network, no other digits are loaded.
func (c *command) perform() error {
	if err := c.checkOutputs(); err != nil {
		return err
	}
	var net *Network
	if c.Load != "" {
		var err error
		if net, err = c.loadNetwork(); err != nil {
			return err
		}
	}
	onlyReads := net != nil && c.Epochs == 0 && c.Save == "" && c.Page == "" && len(c.Pictures) > 0
	if !onlyReads {
		training, validation, test, err := c.loadData()
		if err != nil {
			return err
		}
		rng := rand.New(rand.NewPCG(uint64(c.Seed), 0))
		if net, err = c.prepare(net, training, validation, rng); err != nil {
			return err
		}
		if c.Epochs > 0 || c.Load == "" {
			c.announce(net.Sizes(), training.Len())
		}
		epochs, err := c.train(net, training, validation, test, rng)
		if err == nil {
			err = c.report(net, training, test, epochs)
		}
		if err != nil {
			return err
		}
	}
	return c.readPictures(net)
}

// checkOutputs fails if the files of -save and -page could not be written, if one of them
// is a file that is read here, or if both are the same. (But -save may replace the network
// of -load.) It is better to learn that before the training than after it.
func (c *command) checkOutputs() (err error) {
	read := append([]string{cmp.Or(c.Data, mnistFile)}, c.Pictures...)
	if c.Save != "" {
		if c.saveFile, err = c.output(c.Save, read...); err != nil {
			return fmt.Errorf("-save %s: %w", c.Save, err)
		}
	}
	if c.Page == "" {
		return nil
	}
	// A page must not replace the network it is made from, as -save may.
	if c.pageFile, err = c.output(c.Page, append(read, c.Load)...); err != nil {
		return fmt.Errorf("-page %s: %w", c.Page, err)
	}
	if c.Save != "" && files.Same(c.saveFile, c.pageFile) {
		return fmt.Errorf("-page %s: that is the file of -save", c.Page)
	}
	return nil
}

// output returns the file to replace for an output called file. It fails if files.Output
// does, if the lines of the program go there, or if it is built into the program: the next
// build would not be the same.
func (c *command) output(file string, read ...string) (string, error) {
	if files.IsOpen(c.stdout, file) || files.IsOpen(c.stderr, file) {
		return "", errors.New("the lines of the program go there")
	}
	const large = 1 << 22 // larger than what is built in
	if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Size() < large {
		text, err := os.ReadFile(file)
		if err == nil && (bytes.Equal(text, builtIn) || page.IsSource(text)) {
			return "", errors.New("it belongs to the source of this program")
		}
	}
	return files.Output(file, read...)
}

// loadNetwork loads the network of -load and tells stderr what it is.
func (c *command) loadNetwork() (*Network, error) {
	f, err := os.Open(c.Load)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file := bufio.NewReader(f)
	kind, err := files.Peek(file)
	if err != nil { // of a folder, say
		return nil, err
	}
	if kind != nil && kind != files.JSON && kind != files.SavedNetwork {
		return nil, fmt.Errorf("%s: it is %s, not a network as -save writes it", c.Load, kind.What)
	}
	net, err := LoadNetwork(c.Load, file, Costs[c.Cost])
	if err != nil {
		return nil, err
	}
	sizes := net.Sizes()
	if n := sizes[len(sizes)-1]; n != digits {
		return nil, fmt.Errorf("%s: the network has %d outputs, want %d, one for each digit", c.Load, n, digits)
	}
	if c.Given("cost") && Costs[c.Cost] != net.Cost {
		return nil, fmt.Errorf("%s: the cost of this network is %s: leave out -cost %s", c.Load, net.Cost.Name, c.Cost)
	}
	fmt.Fprintf(c.stderr, "network: %s: %s neurons, %s\n", show.Name(c.Load), show.Sizes(sizes), net.Cost.Name)
	return net, nil
}

// Where MNIST is looked for, and where it is to be had.
const (
	mnistFile = "data/mnist.pkl.gz"
	getMNIST  = "curl --create-dirs -Lo data/mnist.pkl.gz " +
		"https://raw.githubusercontent.com/mnielsen/neural-networks-and-deep-learning/master/data/mnist.pkl.gz"
)

// builtIn is a small set of digits drawn by data/generate, in MNIST's format.
//
//go:embed data/digits.pkl.gz
var builtIn []byte

// loadData loads the digits of -data, or without it those in mnistFile
// if it exists, else those built in. It tells stderr which.
func (c *command) loadData() (training, validation, test *DataSet, err error) {
	name := cmp.Or(c.Data, mnistFile)
	var r io.Reader
	f, err := os.Open(name)
	switch {
	case err == nil:
		defer f.Close()
		r = f
	case c.Data == "" && errors.Is(err, fs.ErrNotExist):
		name, r = "the digits built in", bytes.NewReader(builtIn)
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil, fmt.Errorf("%w; to get MNIST: %s; or leave -data out for the digits built in", err, getMNIST)
	default:
		return nil, nil, nil, err
	}
	training, validation, test, err = LoadData(name, r)
	if err != nil {
		return nil, nil, nil, err
	}
	fmt.Fprintf(c.stderr, "data: %s: %d training, %d validation, %d test digits of %d pixels\n",
		show.Name(name), training.Len(), validation.Len(), test.Len(), training.Pixels)
	if f == nil {
		fmt.Fprintf(c.stderr, "for the real MNIST: %s\n", getMNIST)
	}
	if training.mostlyInk() {
		fmt.Fprintln(c.stderr, "most pixels are above ½, but ink is 1 and paper 0 here: if yours are the other way round, train on 1 − x")
	}
	return training, validation, test, nil
}

// prepare makes a new network for the training digits, unless net was loaded,
// and sees that the network, the digits and the flags fit together.
func (c *command) prepare(net *Network, training, validation *DataSet, rng *rand.Rand) (*Network, error) {
	sizes := slices.Concat([]int{training.Pixels}, c.Hidden, []int{digits})
	if net != nil {
		sizes = net.Sizes()
	}
	if sizes[0] != training.Pixels {
		return nil, fmt.Errorf("%s: the network has %d inputs, but the digits have %d pixels", c.Load, sizes[0], training.Pixels)
	}
	if err := c.checkInputs(sizes[0]); err != nil {
		return nil, err
	}
	if err := c.CheckMemory(sizes, training.Len()); err != nil {
		return nil, fmt.Errorf("%s neurons %w", show.Sizes(sizes), err)
	}
	if err := c.CheckData(training.Len(), validation.Len(), training.Pixels, training.Width()); err != nil {
		return nil, err
	}
	if c.Save != "" {
		if err := network2.CheckSizes(sizes); err != nil {
			return nil, fmt.Errorf("-save %s: %w", c.Save, err)
		}
	}
	if c.Page != "" {
		if err := page.CheckSizes(sizes); err != nil {
			return nil, fmt.Errorf("-page %s: %w", c.Page, err)
		}
	}
	if net == nil {
		net = NewNetwork(sizes, rng)
		net.Cost = Costs[c.Cost]
		if c.Init == "scaled" {
			net.ScaleWeights()
		}
	}
	return net, nil
}

// digits is how many there are: the neurons of the output layer.
const digits = show.Digits

// train trains the network, keeps it in the file of -save, and returns how many epochs
// there were.
func (c *command) train(net *Network, training, validation, test *DataSet, rng *rand.Rand) (epochs int, err error) {
	if c.Epochs == 0 {
		return 0, nil
	}
	change := c.change(training.Width())
	if c.Show > 0 && change != nil {
		if err := c.showChanged(training, change); err != nil {
			return 0, err
		}
	}
	best := -1                   // the best epoch; without -patience, the last
	judges, name := test, "test" // the digits that an epoch is judged by
	if c.Patience > 0 {
		judges, name = validation, "validation"
	}
	c.judged.Name = fmt.Sprintf("of %d %s digits", judges.Len(), name)
	monitor := c.monitor(net, training, validation, test)
	settings := Settings{
		Epochs: c.Epochs, MiniBatchSize: c.Batch, Eta: c.Eta,
		Lambda: c.Lambda, Patience: c.Patience, Halve: c.Halve, Change: change,
		Progress: show.NewMeter(c.stderr),
		AfterEpoch: func(epoch, correct int, isBest bool) error {
			epochs = epoch + 1
			c.judged.Add(correct, judges.Len())
			err := monitor()
			if isBest && err == nil {
				best = epoch
				err = c.keep(net)
			}
			return err
		},
	}
	began := time.Now()
	if err := net.SGD(training, settings, judges, rng, c.stdout); err != nil {
		return epochs, err
	}
	took := time.Since(began).Seconds()
	if best >= 0 && c.Patience > 0 {
		fmt.Fprintf(c.stderr, "epoch %d was the best, and its weights are kept\n", best)
	} else if best < 0 {
		fmt.Fprintln(c.stderr, "no epoch was better than the network before them, and that one is kept")
		err = c.keep(net)
	}
	fmt.Fprintf(c.stderr, "cost on the training digits: %.4g\n", net.TotalCost(training, c.Lambda))
	fmt.Fprintf(c.stderr, "took %.1f s, %.2f s an epoch\n", took, took/float64(epochs))
	return epochs, err
}

// change returns what -shift and -distort do to the images of a mini-batch, squares of this
// width, or nil if neither is given. An Image is what a SparseRow is, in another package.
func (c *command) change(width int) func(images []SparseRow, rng *rand.Rand) {
	if c.Shift == 0 && c.Distort == 0 {
		return nil
	}
	d := distort.New(width, c.Shift, c.Distort)
	return func(images []SparseRow, rng *rand.Rand) {
		d.Draw(len(images), rng)
		cores.Share(len(images), d.Work(len(images)), func(from, to int) {
			for i := from; i < to; i++ {
				images[i] = SparseRow(d.Distort(i, distort.Image(images[i])))
			}
		})
	}
}

// showChanged draws the first training digit as it is, and what becomes of it eight times.
func (c *command) showChanged(training *DataSet, change func([]SparseRow, *rand.Rand)) error {
	sheet := &DataSet{Pixels: training.Pixels, Images: make([]SparseRow, 9)}
	for i := range sheet.Images {
		sheet.Images[i] = training.Images[0]
	}
	change(sheet.Images[1:], rand.New(rand.NewPCG(uint64(c.Seed), 1))) // not the training's: -show must not change that
	if _, err := fmt.Fprintf(c.stdout, "training digit 0, a %d, and what becomes of it:\n\n", training.Labels[0]); err != nil {
		return err
	}
	return show.Sheet(c.stdout, len(sheet.Images), sheet.Image, training.Width())
}

// monitor returns a function that prints the four monitors of the book's network2.py, in its
// words: of a part of the training digits, so that it does not take long, and of the validation
// digits, or the test digits if there are none. Without -monitor it does nothing.
func (c *command) monitor(net *Network, training, validation, test *DataSet) func() error {
	if !c.Monitor {
		return func() error { return nil }
	}
	part, evaluation, name := training.Part(10_000), validation, "validation"
	if validation.Len() == 0 {
		evaluation, name = test, "test"
	}
	fmt.Fprintf(c.stderr, "monitored: %d of the %d training digits, and as evaluation data the %s digits\n", part.Len(), training.Len(), name)
	c.monitored.Name = fmt.Sprintf("of %d training digits", part.Len())
	lambda := c.Lambda * float64(part.Len()) / float64(training.Len()) // n in λ/n (87) is that of all training digits,
	// but in the cost on evaluation data that of these, as in network2.py
	return func() error {
		correct := net.Evaluate(part)
		c.monitored.Add(correct, part.Len())
		_, err := fmt.Fprintf(c.stdout, "Cost on training data: %.6g\nAccuracy on training data: %d / %d\n"+
			"Cost on evaluation data: %.6g\nAccuracy on evaluation data: %d / %d\n\n",
			net.TotalCost(part, lambda), correct, part.Len(),
			net.TotalCost(evaluation, c.Lambda), net.Evaluate(evaluation), evaluation.Len())
		return err
	}
}

// report says how net, after so many epochs, reads the test digits. With -patience this is the
// only look at them.
func (c *command) report(net *Network, training, test *DataSet, epochs int) error {
	answers := net.Answers(test)
	correct := test.Correct(answers)
	if c.Epochs == 0 || c.Patience > 0 {
		if _, err := fmt.Fprintf(c.stdout, "Test: %d / %d\n", correct, test.Len()); err != nil {
			return err
		}
	}
	if epochs >= 3 && correct < test.Len()*15/100 {
		c.explainChance(net, training, epochs)
	}
	var err error
	if c.Epochs == 0 {
		err = c.keep(net)
	}
	if err == nil && c.Page != "" {
		err = c.keepPage(net, training, test, answers)
	}
	if err == nil && c.Show > 0 {
		err = show.Mistakes(c.stdout, c.Show, test.Labels, answers, test.Image, test.Width())
	}
	return err
}

// explainChance tells stderr why net may not have learned in so many epochs: its outputs may
// be saturated.
func (c *command) explainChance(net *Network, training *DataSet, epochs int) {
	slope := 0.0 // the mean of σ′: 0.25 where the outputs are ½; 0.09 where they are 0.1, as a tenth of the digits want them
	net.forEach(training, func(_ int, batch *MiniBatch, row int) {
		for _, a := range batch.A[len(batch.A)-1].Row(row) {
			slope += sigmoidPrime(a) / float64(digits*training.Len())
		}
	})
	steps := epochs * ((training.Len()-1)/min(c.Batch, training.Len()) + 1)
	why := fmt.Sprintf("after %d steps: try more -epochs, a larger -eta,\na smaller -lambda if there is one, more neurons, or more digits", steps)
	if slope < 0.01 {
		why = "its outputs are saturated, where σ′ is almost 0;\n" +
			"the steps may be too long, try a smaller -eta; or try -init scaled, or -cost cross-entropy"
	}
	fmt.Fprintf(c.stderr, "the network is hardly better than chance: %s\n", why)
}

// announce tells stderr which network is about to be trained, and how, on n digits.
func (c *command) announce(sizes []int, n int) {
	fmt.Fprintf(c.stderr, "training a network of %s neurons: epochs %d, mini-batches of %d, η %v, seed %d",
		show.Sizes(sizes), c.Epochs, c.Batch, c.Eta, c.Seed)
	for _, flag := range c.Chapter3() {
		fmt.Fprintf(c.stderr, ", %s", flag)
	}
	fmt.Fprintln(c.stderr)
	if n := len(c.Hidden); n > 1 && c.Hidden[0] == sizes[0] && c.Hidden[n-1] == digits {
		fmt.Fprintf(c.stderr, "-hidden lists the hidden layers only: leave out %d, the inputs, and %d, the outputs\n",
			sizes[0], digits)
	}
	if c.Epochs > 0 && c.Batch >= n {
		fmt.Fprintf(c.stderr, "all %d training digits are one mini-batch: an epoch is one step\n", n)
	}
}

// keep writes net to the file of -save, if there is one.
func (c *command) keep(net *Network) error {
	if c.Save == "" {
		return nil
	}
	if err := files.Replace(c.saveFile, net.Save); err != nil {
		return fmt.Errorf("-save %s: %w", c.Save, err)
	}
	return nil
}

// keepPage writes the page of net, which gives these answers, to the file of -page.
func (c *command) keepPage(net *Network, training, test *DataSet, answers []int) error {
	p := &page.Page{Sizes: net.Sizes(), Cost: net.Cost.Name, Origin: fmt.Sprintf("seed %d", c.Seed),
		Right: test.Correct(answers), Total: test.Len(), Training: training.Len(), Curves: []page.Curve{c.judged, c.monitored}}
	if c.Load != "" {
		p.Origin = "loaded from " + filepath.Base(c.Load)
		if c.Epochs > 0 {
			p.Origin += fmt.Sprintf(" and trained further with seed %d", c.Seed)
		}
	}
	for l := range net.Weights {
		p.Weights, p.Biases = append(p.Weights, net.Weights[l].Data), append(p.Biases, net.Biases[l].Data)
	}
	for i, answer := range answers {
		if label := int(test.Labels[i]); label != answer && len(p.Misread) < page.MaxMisread {
			p.Misread = append(p.Misread, page.Digit{Label: label, Read: answer, Pixels: test.Image(i)})
		}
	}
	learn, check := training.Part(page.MaxLearn), test.Part(page.MaxCheck)
	for i, label := range learn.Labels {
		p.Learn = append(p.Learn, page.Digit{Label: int(label), Pixels: learn.Image(i)})
	}
	for i, label := range check.Labels {
		p.Check = append(p.Check, page.Digit{Label: int(label), Pixels: check.Image(i)})
	}
	if err := files.Replace(c.pageFile, p.Write); err != nil {
		return fmt.Errorf("-page %s: %w", c.Page, err)
	}
	return nil
}

// readPictures has net read the images named on the command line, and prints a
// line for each to stdout: the name, the digit, and the activations of the
// output neurons, the highest first. An image that cannot be read has its line
// on stderr, and does not stop the others.
func (c *command) readPictures(net *Network) error {
	if err := c.checkInputs(net.Sizes()[0]); err != nil {
		return err
	}
	failed := 0
	for _, name := range c.Pictures {
		readings, err := readPicture(name)
		if err != nil {
			fmt.Fprintf(c.stderr, "digits: %s\n", show.Line(err.Error()))
			failed++
			continue
		}
		if err := c.answer(net, name, readings); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d images could not be read", failed, len(c.Pictures))
	}
	return nil
}

// answer prints which digit net reads in an image, of which there are these readings.
func (c *command) answer(net *Network, name string, readings []*picture.Digit) error {
	var outputs [][]float64
	for _, digit := range readings {
		outputs = append(outputs, net.Feedforward(&Matrix{1, len(digit.Pixels), digit.Pixels}).Row(0))
	}
	taken := show.Choose(outputs)
	done := readings[taken].Done
	if taken > 0 {
		done = append(slices.Clone(done), "as the network is unsure of it otherwise")
	}
	if len(done) > 0 {
		fmt.Fprintf(c.stderr, "%s: %s\n", show.Name(name), strings.Join(done, ", "))
	}
	if _, err := fmt.Fprintf(c.stdout, "%s: %s\n", show.Name(name), show.Answer(outputs[taken])); err != nil {
		return err
	}
	if c.Show > 0 || show.IsTerminal(c.stdout) {
		return show.Image(c.stdout, readings[taken].Pixels, picture.Width)
	}
	return nil
}

// checkInputs fails if there are images to read for a network of other inputs.
func (c *command) checkInputs(n int) error {
	const pixels = picture.Width * picture.Width
	if len(c.Pictures) > 0 && n != pixels {
		return fmt.Errorf("%s: images have %d pixels, but the network has %d inputs", c.Pictures[0], pixels, n)
	}
	return nil
}

// readPicture returns the readings of the digit in an image file.
func readPicture(name string) ([]*picture.Digit, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file := bufio.NewReader(f)
	kind, _ := files.Peek(file) // its error comes again
	readings, err := picture.Read(file)
	if errors.Is(err, image.ErrFormat) && kind != nil {
		err = &picture.Error{Message: fmt.Sprintf("not a PNG, JPEG or GIF but %s; %s", kind.What, kind.Mend(name))}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, files.Bare(err))
	}
	return readings, nil
}
