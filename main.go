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
// prints how many of the test digits the network classifies correctly after each
// epoch:
//
//	Epoch 0: 9062 / 10000
//	Epoch 1: 9277 / 10000
//	...
//
//	go run . -epochs 30 -save net.json
//	go run . -load net.json seven.png
//
// keeps the network in a file, and has it read a picture of a digit:
//
//	seven.png: 7 (7 0.98, 2 0.03, ...)
//
//	go run . -epochs 30 -page digits.html
//
// writes a page for a browser, to draw on, with the network in it.
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
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

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
		if err := c.train(net, training, validation, test, rng); err != nil {
			return err
		}
		if c.Page != "" {
			if err := c.keepPage(net, test); err != nil {
				return err
			}
		}
		if c.Show > 0 {
			if err := showMistakes(c.stdout, test, net.Answers(test), c.Show); err != nil {
				return err
			}
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
	head, err := file.Peek(files.HeadSize)
	if err != nil && err != io.EOF { // of a folder, say
		return nil, err
	}
	if kind := files.Identify(head); kind != nil && kind != files.JSON && kind != files.SavedNetwork {
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
	fmt.Fprintf(c.stderr, "network: %s: %s neurons, %s\n", show.Name(c.Load), dashed(sizes), net.Cost.Name)
	return net, nil
}

// dashed writes sizes as 784-30-10. Of a great many it leaves out most.
func dashed(sizes []int) string {
	const most = 20
	if n := len(sizes); n > most {
		return fmt.Sprintf("%s-…-%d (%d layers)", dashed(sizes[:most]), sizes[n-1], n)
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(sizes), " ", "-"), "[]")
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
	if err := checkMemory(sizes, min(c.Batch, training.Len()), c.Patience > 0); err != nil {
		return nil, err
	}
	if err := c.checkData(training, validation); err != nil {
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

// checkMemory refuses networks that would not fit into any ordinary memory. With patience
// there are two of them: the best is kept.
func checkMemory(sizes []int, batch int, patience bool) error {
	const limit = 1 << 28 // numbers of 8 bytes: 2 GB
	numbers := 0.0        // a float64 does not overflow, however long the list
	for l, n := range sizes {
		numbers += 2 * float64(batch) * float64(n) // activations and errors
		if l > 0 {
			numbers += float64(sizes[l-1]) * float64(n) // weights
		}
		if l > 0 && patience {
			numbers += float64(sizes[l-1]) * float64(n)
		}
	}
	if numbers > limit {
		const gigabyte = 1 << 30 / 8
		return fmt.Errorf("%s neurons with mini-batches of %d take %.1f GB of memory; the limit is %d GB",
			dashed(sizes), batch, math.Ceil(10*numbers/gigabyte)/10, limit/gigabyte)
	}
	return nil
}

// checkData refuses flags that make no sense with these digits.
func (c *command) checkData(training, validation *DataSet) error {
	n, width := training.Len(), training.Width()
	switch shrink := c.Eta * c.Lambda / float64(n); {
	case shrink >= 1:
		return fmt.Errorf("-lambda %v with -eta %v: ηλ/n is %.3g for the %d training digits, "+
			"so a step takes away all of the weights or more: want less than 1", c.Lambda, c.Eta, shrink, n)
	case c.Patience > 0 && validation.Len() == 0:
		return fmt.Errorf("-patience %d: the data has no validation digits to judge the epochs by", c.Patience)
	case c.Shift > 0 && width == 0:
		return fmt.Errorf("-shift %d: the images have %d pixels, and only squares can be moved", c.Shift, training.Pixels)
	case c.Shift > 0 && c.Shift >= width:
		return fmt.Errorf("-shift %d: the images are only %d pixels wide", c.Shift, width)
	}
	return nil
}

// train trains the network and keeps it in the file of -save. If there is
// nothing to train, it tests it.
func (c *command) train(net *Network, training, validation, test *DataSet, rng *rand.Rand) error {
	if c.Epochs > 0 || c.Load == "" {
		c.announce(net.Sizes(), training.Len())
	}
	if c.Epochs == 0 {
		if _, err := fmt.Fprintf(c.stdout, "Test: %d / %d\n", net.Evaluate(test), test.Len()); err != nil {
			return err
		}
		return c.keep(net)
	}
	epochs, best := 0, -1 // how many there were, and which was the best
	settings := Settings{
		Epochs: c.Epochs, MiniBatchSize: c.Batch, Eta: c.Eta,
		Lambda: c.Lambda, Shift: c.Shift, Patience: c.Patience, Validation: validation,
		Progress: show.NewMeter(c.stderr),
		AfterEpoch: func(epoch int, isBest bool) error {
			epochs = epoch + 1
			if !isBest {
				return nil
			}
			best = epoch
			return c.keep(net)
		},
	}
	began := time.Now()
	if err := net.SGD(training, settings, test, rng, c.stdout); err != nil {
		return err
	}
	took := time.Since(began).Seconds()
	if c.Patience > 0 && best >= 0 {
		fmt.Fprintf(c.stderr, "epoch %d was the best, and its weights are kept\n", best)
	} else if c.Patience > 0 {
		fmt.Fprintln(c.stderr, "no epoch was better than the network before, and its weights are kept")
		if err := c.keep(net); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.stderr, "cost on the training digits: %.4g\n", net.TotalCost(training, c.Lambda))
	fmt.Fprintf(c.stderr, "took %.1f s, %.2f s an epoch\n", took, took/float64(epochs))
	if epochs >= 3 && net.Evaluate(test) < test.Len()*15/100 {
		c.explainChance(net, training, epochs)
	}
	return nil
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
	if slope < 0.01 {
		fmt.Fprintln(c.stderr, "the network is hardly better than chance: its outputs are saturated, where σ′ is almost 0;")
		fmt.Fprintln(c.stderr, "the steps may be too long, try a smaller -eta; or try -init scaled, or -cost cross-entropy")
		return
	}
	steps := (training.Len()-1)/min(c.Batch, training.Len()) + 1
	fmt.Fprintf(c.stderr, "the network is hardly better than chance, after %d steps: try more -epochs, a larger -eta,\n", epochs*steps)
	fmt.Fprintln(c.stderr, "a smaller -lambda if there is one, more neurons, or more digits")
}

// announce tells stderr which network is about to be trained, and how, on n digits.
func (c *command) announce(sizes []int, n int) {
	fmt.Fprintf(c.stderr, "training a network of %s neurons: epochs %d, mini-batches of %d, η %v, seed %d",
		dashed(sizes), c.Epochs, c.Batch, c.Eta, c.Seed)
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

// keepPage writes the page of net to the file of -page.
func (c *command) keepPage(net *Network, test *DataSet) error {
	p := &page.Page{Sizes: net.Sizes(), Cost: net.Cost.Name, Origin: fmt.Sprintf("seed %d", c.Seed), Total: test.Len()}
	if c.Load != "" {
		p.Origin = "loaded from " + filepath.Base(c.Load)
		if c.Epochs > 0 {
			p.Origin += fmt.Sprintf(" and trained further with seed %d", c.Seed)
		}
	}
	for l := range net.Weights {
		p.Weights, p.Biases = append(p.Weights, net.Weights[l].Data), append(p.Biases, net.Biases[l].Data)
	}
	for i, answer := range net.Answers(test) {
		if label := int(test.Labels[i]); label == answer {
			p.Right++
		} else if len(p.Misread) < page.MaxMisread {
			p.Misread = append(p.Misread, page.Digit{Label: label, Read: answer, Pixels: test.Image(i)})
		}
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
	head, _ := file.Peek(files.HeadSize) // its error comes again
	kind := files.Identify(head)
	readings, err := picture.Read(file)
	if errors.Is(err, image.ErrFormat) && kind != nil {
		err = &picture.Error{Message: fmt.Sprintf("not a PNG, JPEG or GIF but %s; %s", kind.What, kind.Mend(name))}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, files.Bare(err))
	}
	return readings, nil
}

// showMistakes writes the confusion matrix of the test digits to w, and then n of the
// digits that were misread.
func showMistakes(w io.Writer, test *DataSet, answers []int, n int) error {
	var count show.Confusion
	for i, answer := range answers {
		count[test.Labels[i]][answer]++
	}
	if err := count.Write(w); err != nil {
		return err
	}
	for i, answer := range answers {
		digit := int(test.Labels[i])
		if digit == answer {
			continue
		}
		if n--; n < 0 {
			break
		}
		if _, err := fmt.Fprintf(w, "\ntest digit %d: %d read as %d\n", i, digit, answer); err != nil {
			return err
		}
		if err := show.Image(w, test.Image(i), test.Width()); err != nil {
			return err
		}
	}
	return nil
}
