package picture

import (
	"bytes"
	"encoding/binary"
)

// orientation returns how the camera was held that took the JPEG in file, as
// EXIF numbers it, from 1, upright, to 8; see turn. It is 1 if the file does not
// say, or says it in a damaged way.
func orientation(file []byte) int {
	const startOfImage, app1, startOfScan = "\xff\xd8", 0xe1, 0xda
	if !bytes.HasPrefix(file, []byte(startOfImage)) {
		return 1
	}
	for rest := file[2:]; len(rest) >= 4 && rest[0] == 0xff && rest[1] != startOfScan; {
		size := int(binary.BigEndian.Uint16(rest[2:])) // of the segment, but for the first two bytes
		if size < 2 || 2+size > len(rest) {
			return 1
		}
		tiff, found := bytes.CutPrefix(rest[4:2+size], []byte("Exif\x00\x00"))
		if rest[1] == app1 && found {
			return orientationTag(tiff)
		}
		rest = rest[2+size:]
	}
	return 1
}

// orientationTag looks for the orientation in the first directory of a TIFF,
// which is what EXIF is: entries of 12 bytes, that are tag, type, count and value.
func orientationTag(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(tiff) < 8 {
		return 1
	}
	first := order.Uint32(tiff[4:])
	if int64(first)+2 > int64(len(tiff)) {
		return 1
	}
	count, entries := int(order.Uint16(tiff[first:])), tiff[first+2:]
	for ; count > 0 && len(entries) >= 12; count, entries = count-1, entries[12:] {
		const tag, short = 0x0112, 3
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			if n := int(order.Uint16(entries[8:])); n >= 1 && n <= 8 {
				return n
			}
			return 1
		}
	}
	return 1
}

// turn returns the colours of a picture the right way up, if it was taken as
// orientation says. Odd ones are turned by whole half turns, 5 to 8 lie on their
// side, and 2, 4, 5 and 7 are seen in a mirror.
func turn(colours [3]*plane, orientation int) [3]*plane {
	for c, p := range colours {
		if orientation >= 5 { // its rows are columns
			p = transposed(p)
		}
		switch orientation {
		case 2, 6:
			p = flipped(p)
		case 3, 7:
			p = transposed(flipped(transposed(flipped(p))))
		case 4, 8:
			p = transposed(flipped(transposed(p)))
		}
		colours[c] = p
	}
	return colours
}

// flipped returns p with left and right exchanged.
func flipped(p *plane) *plane {
	f := newPlane(p.rows, p.cols)
	for i := range p.rows {
		for j, v := range p.row(i) {
			f.row(i)[p.cols-1-j] = v
		}
	}
	return f
}
