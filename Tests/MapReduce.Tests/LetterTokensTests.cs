using System.Text;
using CsCheck;

namespace Quorleans.MapReduce.Tests;

public sealed class LetterTokensTests
{
    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.String[Gen.Char["ab Z\n,09@[`{"], 0, 300],
        Gen.String[Gen.Char["abc é’Жx ."], 0, 300],
        Gen.String[Gen.Char["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa "], 0, 300]);

    [Fact]
    public void Words_AreRunsOfLetters_WhereverBlocksEnd() => Texts.Sample(text =>
    {
        List<string> found = [];
        foreach (ReadOnlySpan<byte> word in new LetterTokens(Encoding.UTF8.GetBytes(text))) found.Add(Encoding.UTF8.GetString(word));
        string[] expected = string.Concat(text.Select(c => char.IsLetter(c) ? c : ' ')).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected, found);
    }, iter: 3000);

    [Fact]
    public void BytesThatAreNoUtf8_SeparateWords()
    {
        List<string> found = [];
        foreach (ReadOnlySpan<byte> word in new LetterTokens("one\xff"u8)) found.Add(Encoding.UTF8.GetString(word));
        byte[] broken = [(byte)'a', 0xff, (byte)'b', 0xc3, (byte)' ', (byte)'c', 0xe2, 0x82];
        foreach (ReadOnlySpan<byte> word in new LetterTokens(broken)) found.Add(Encoding.UTF8.GetString(word));
        Assert.Equal(["oneÿ", "a", "b", "c"], found);
    }
}
