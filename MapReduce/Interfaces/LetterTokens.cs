using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;

namespace Quorleans.MapReduce;

/// <summary>
/// The words of a text: runs of Unicode letters, as in the lab's word count. <c>foreach (ReadOnlySpan&lt;byte&gt; word in new LetterTokens(text))</c>.
/// Bytes that are no UTF-8 separate words.
/// </summary>
public ref struct LetterTokens
{
    private const int Block = 64;
    private readonly ReadOnlySpan<byte> _text;
    private readonly bool _ascii;
    private ulong _letters;
    private int _block;
    private int _next;
    private int _start;
    private int _length;

    /// <param name="text">UTF-8.</param>
    public LetterTokens(ReadOnlySpan<byte> text)
    {
        _text = text;
        _ascii = Ascii.IsValid(text);
        _block = -Block;
    }

    /// <summary>The word.</summary>
    public readonly ReadOnlySpan<byte> Current => _text.Slice(_start, _length);

    /// <summary>Itself, for <c>foreach</c>.</summary>
    public readonly LetterTokens GetEnumerator() => this;

    /// <summary>Goes to the next word.</summary>
    /// <returns>False when there is none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MoveNext() => _ascii ? MoveNextAscii() : MoveNextUnicode();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool MoveNextAscii()
    {
        while (_letters == 0)
        {
            if (!NextBlock()) return false;
        }

        int first = BitOperations.TrailingZeroCount(_letters);
        _start = _block + first;
        int length = BitOperations.TrailingZeroCount(~(_letters >> first));
        int end = first + length;
        if (end < Block)
        {
            _letters = _letters >> end << end;
            _length = length;
            return true;
        }

        return Continue();
    }

    // The word touches its block's end and may go on in the next.
    private bool Continue()
    {
        while (NextBlock())
        {
            int more = BitOperations.TrailingZeroCount(~_letters);
            if (more == Block) continue;
            _letters = _letters >> more << more;
            _length = _block + more - _start;
            return true;
        }

        _letters = 0;
        _length = _text.Length - _start;
        return true;
    }

    private bool NextBlock()
    {
        _block += Block;
        int left = _text.Length - _block;
        if (left <= 0)
        {
            _block = Math.Min(_block, int.MaxValue - Block);
            return false;
        }

        if (left >= Block)
        {
            ref byte from = ref Unsafe.Add(ref MemoryMarshal.GetReference(_text), _block);
            _letters = Letters(Vector256.LoadUnsafe(ref from)) | ((ulong)Letters(Vector256.LoadUnsafe(ref from, 32)) << 32);
            return true;
        }

        _letters = 0;
        for (int i = 0; i < left; i++)
        {
            if (char.IsAsciiLetter((char)_text[_block + i])) _letters |= 1UL << i;
        }

        return true;
    }

    private static uint Letters(Vector256<byte> bytes) =>
        Vector256.LessThan((bytes | Vector256.Create((byte)0x20)) - Vector256.Create((byte)'a'), Vector256.Create((byte)26)).ExtractMostSignificantBits();

    private bool MoveNextUnicode()
    {
        int at = _next;
        int length;
        while ((length = LetterAt(at, out int skip)) == 0)
        {
            if (skip == 0) return false;
            at += skip;
        }

        _start = at;
        do at += length;
        while ((length = LetterAt(at, out _)) > 0);
        _length = at - _start;
        _next = at;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly int LetterAt(int at, out int skip)
    {
        skip = 0;
        if (at >= _text.Length) return 0;
        skip = 1;
        byte b = _text[at];
        if (b < 0x80) return (uint)((b | 0x20) - 'a') < 26 ? 1 : 0;
        bool isRune = Rune.DecodeFromUtf8(_text[at..], out Rune rune, out skip) == OperationStatus.Done;
        return isRune && Rune.IsLetter(rune) ? skip : 0;
    }
}
