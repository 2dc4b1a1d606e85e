package show

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAnswer(t *testing.T) {
	for _, c := range []struct {
		output []float64
		want   string
	}{
		{[]float64{0.1, 0, 0.1, 0.976, 0, 0, 0.2, 0, 0.03, 0},
			"3 (3 0.98, 6 0.20, 0 0.10, 2 0.10, 8 0.03, 1 0.00, 4 0.00, 5 0.00, 7 0.00, 9 0.00)"},
		{[]float64{0.25, 0.5}, "1 (1 0.50, 0 0.25), unsure"},
	} {
		if got := Answer(c.output); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestUnsure(t *testing.T) {
	for _, c := range []struct {
		name   string
		output []float64
		want   bool
	}{
		{"sure", []float64{0.1, 0.9, 0.2}, false},
		{"just sure", []float64{0.25, 0.51, 0.1}, false},
		{"no output above one half", []float64{0.1, 0.5, 0.0}, true},
		{"two close", []float64{0.1, 0.9, 0.5}, true},
		{"the second exactly half as high", []float64{0.45, 0.9, 0}, true},
		{"no numbers", []float64{0.1, nan(), 0.2}, true},
	} {
		if got := Unsure(c.output); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// The first reading is taken, unless it leaves the network in doubt and another does not.
func TestChoose(t *testing.T) {
	sure, unsure := []float64{0.1, 0.9}, []float64{0.4, 0.3}
	for _, c := range []struct {
		name    string
		outputs [][]float64
		want    int
	}{
		{"one", [][]float64{unsure}, 0},
		{"both sure", [][]float64{sure, sure}, 0},
		{"sure, unsure", [][]float64{sure, unsure}, 0},
		{"unsure, sure", [][]float64{unsure, sure}, 1},
		{"both unsure", [][]float64{unsure, unsure}, 0},
		{"the first that is sure", [][]float64{unsure, unsure, sure, sure}, 2},
	} {
		if got := Choose(c.outputs); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// nan returns a number that is none.
func nan() float64 {
	zero := 0.0
	return zero / zero
}

func TestConfusion(t *testing.T) {
	var count Confusion
	for d := range Digits {
		count[d][d] = 900 + d
	}
	count[4][9], count[9][4], count[5][3], count[3][5], count[7][2], count[2][7], count[1][7] = 25, 13, 25, 1, 9, 2, 3
	var out strings.Builder
	if err := count.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := `
right \ read     0     1     2     3     4     5     6     7     8     9
           0   900     .     .     .     .     .     .     .     .     .
           1     .   901     .     .     .     .     .     3     .     .
           2     .     .   902     .     .     .     .     2     .     .
           3     .     .     .   903     .     1     .     .     .     .
           4     .     .     .     .   904     .     .     .     .    25
           5     .     .     .    25     .   905     .     .     .     .
           6     .     .     .     .     .     .   906     .     .     .
           7     .     .     9     .     .     .     .   907     .     .
           8     .     .     .     .     .     .     .     .   908     .
           9     .     .     .     .    13     .     .     .     .   909

most often confused:
    25 times 4 read as 9
    25 times 5 read as 3
    13 times 9 read as 4
     9 times 7 read as 2
     3 times 1 read as 7
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	full := errors.New("the disk is full")
	if err := count.Write(failing{full}); err != full {
		t.Errorf("the error is %v, want %v", err, full)
	}
	out.Reset()
	if err := new(Confusion).Write(&out); err != nil || strings.Contains(out.String(), "confused") {
		t.Errorf("of nothing: %v, it shows\n%s", err, out.String())
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestDraw(t *testing.T) {
	pixels := []float64{0, 1, 0.5, 1, 1, 0, 0, 0.25, 1}
	for colour, want := range map[bool]string{
		false: "+@:\n .+\n",
		true: "\x1b[38;5;232m\x1b[48;5;255m▀\x1b[38;5;255m\x1b[48;5;255m▀\x1b[38;5;243m\x1b[48;5;232m▀\x1b[0m\n" +
			"\x1b[38;5;232m\x1b[48;5;232m▀\x1b[38;5;237m\x1b[48;5;232m▀\x1b[38;5;255m\x1b[48;5;232m▀\x1b[0m\n",
	} {
		if got := draw(pixels, 3, colour); got != want {
			t.Errorf("colour %v: got %q, want %q", colour, got, want)
		}
	}
}

func TestImage(t *testing.T) {
	var out strings.Builder
	for width, want := range map[int]string{3: "+@:\n .+\n", 0: " +:++  .+\n"} {
		out.Reset()
		if err := Image(&out, []float64{0, 1, 0.5, 1, 1, 0, 0, 0.25, 1}, width); err != nil || out.String() != want {
			t.Errorf("width %d: got %q, %v, want %q", width, out.String(), err, want)
		}
	}
	out.Reset()
	if err := Image(&out, []float64{0, 0, 1, 1}, 2); err != nil || out.String() != "++\n" {
		t.Errorf("two rows: got %q, %v, want %q", out.String(), err, "++\n")
	}
	full := errors.New("the disk is full")
	if err := Image(failing{full}, []float64{1}, 1); err != full {
		t.Errorf("the error is %v, want %v", err, full)
	}
}

// Three images side by side share two columns of paper, and so do the rows of images.
func TestSheet(t *testing.T) {
	corners := func(v float64) []float64 { return []float64{0, 0, 0, 0, 0, v, 0, 0, 0, 0, v, v, 0, 0, 0, 0} } // 4×4
	var out strings.Builder
	inks := []float64{1, 0.5, 1, 1, 0.5}
	if err := Sheet(&out, 5, func(i int) []float64 { return corners(inks[i]) }, 4); err != nil {
		t.Fatal(err)
	}
	// A character is two pixels, one above the other: rows 0 and 1, 2 and 3, 4 and 5.
	if want := " + : +\n ++#::++\n  ++::\n"; out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	out.Reset()
	if err := Sheet(&out, 3, func(int) []float64 { return make([]float64, 16) }, 4); err != nil || out.String() != "\n\n" {
		t.Errorf("a full row: got %q, %v, want two empty lines", out.String(), err)
	}
	out.Reset()
	if err := Sheet(&out, 2, func(int) []float64 { return []float64{1} }, 1); err != nil || out.String() != "++\n" {
		t.Errorf("of single pixels: got %q, %v", out.String(), err)
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		sizes []int
		want  string
	}{
		{[]int{784, 30, 10}, "784-30-10"},
		{make([]int, 20), strings.Repeat("0-", 19) + "0"},
		{append(make([]int, 21), 7), strings.Repeat("0-", 20) + "…-7 (22 layers)"},
	} {
		if got := Sizes(c.sizes); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestMeter(t *testing.T) {
	var w bytes.Buffer
	clock := time.Unix(0, 0)
	show := meter(&w, func() time.Time { return clock })
	at := func(seconds float64, done int, want string) {
		t.Helper()
		clock = time.Unix(0, int64(seconds*1e9))
		w.Reset()
		show(done, 200)
		if w.String() != want {
			t.Errorf("after %v s and %d of 200: wrote %q, want %q", seconds, done, w.String(), want)
		}
	}
	at(0, 10, "")
	at(0.9, 20, "")
	at(1.1, 50, "\r 25%")
	at(1.2, 60, "") // not more than five times a second
	at(1.4, 100, "\r 50%")
	at(1.5, 200, "\r       \r") // gone before the line of the epoch
	at(1.6, 10, "")             // the next epoch is timed afresh
	at(2.5, 20, "")
	at(2.55, 200, "") // an epoch that showed nothing has nothing to wipe out
}

func TestMeterOnTerminalAlone(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if NewMeter(file) != nil || NewMeter(new(bytes.Buffer)) != nil {
		t.Error("progress would be shown on a file or in memory")
	}
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if NewMeter(device) != nil {
		t.Errorf("progress would be shown on %s", os.DevNull)
	}
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("skipped: no terminal can be made here: ", err)
	}
	defer terminal.Close()
	for term, want := range map[string]bool{"xterm": true, "dumb": false} {
		if t.Setenv("TERM", term); IsTerminal(terminal) != want || (NewMeter(terminal) != nil) != want {
			t.Errorf("TERM=%s: that it is a terminal is %v, want %v", term, !want, want)
		}
	}
}

// A name cannot make two lines, nor colour a terminal.
func TestName(t *testing.T) {
	for name, want := range map[string]string{
		"seven.png": "seven.png", "my digits/sieben ü.png": "my digits/sieben ü.png", `C:\x "y"`: `C:\x "y"`, "": "",
		"a\nb": `"a\nb"`, "\x1b[31mred": `"\x1b[31mred"`, "a\u202eb": `"a\u202eb"`, "bad \xff": `"bad \xff"`, "\u0085": `"\u0085"`,
	} {
		if got := Name(name); got != want {
			t.Errorf("Name(%q) = %s, want %s", name, got, want)
		}
	}
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		`open "x": no such file ü η`: `open "x": no such file ü η`, "a\nb\x1b[31m\t\u202e'\x9b": `a\nb\x1b[31m\t\u202e'\x9b`, `\"\\n`: `\"\\n`, "": "",
		strings.Repeat("a", 1000) + strings.Repeat("b", 1000): strings.Repeat("a", 1000) + strings.Repeat("b", 1000),
		strings.Repeat("a", 1e6) + strings.Repeat("b", 1000):  strings.Repeat("a", 1000) + " … " + strings.Repeat("b", 1000),
	} {
		if got := Line(text); got != want {
			t.Errorf("Line(%.40q) = %.80s, want %.80s", text, got, want)
		}
	}
}
