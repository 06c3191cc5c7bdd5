using System.Text;

namespace Quorleans.Linearizability.Tests;

public sealed class HistoryReaderTests
{
    private const string Put = """{"client":1,"op":"put","key":"k","value":"a;","expected":null,"output":null,"ok":true,"call":5,"return":9}""";

    [Fact]
    public void Read_TakesEachMember()
    {
        Operation operation = Assert.Single(Read("""{"client":7,"op":"cas","key":"ü","value":"b;","expected":"a;","output":"c;","ok":false,"call":5,"return":9,"more":[1]}"""));
        Assert.Equal(new Operation(7, OperationKind.Cas, "ü", "b;", "a;", "c;", false, 5, 9) { Line = 1 }, operation);
    }

    [Fact]
    public void Read_TakesLinesOfAnyLength_WithOrWithoutTheLastLineEnd()
    {
        string value = new('x', 200_000);
        IReadOnlyList<Operation> history = Read(Put + "\r\n" + Put.Replace("a;", value, StringComparison.Ordinal).Replace(":1,", ":2,", StringComparison.Ordinal));
        Assert.Equal(value, history[1].Value);
        Assert.Equal(2, history[1].Line);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("17")]
    [InlineData("")]
    [InlineData("""{"client":2}""")]
    [InlineData("""{"client":2,"op":"frob","key":"k","value":"a;","expected":null,"output":null,"ok":true,"call":5,"return":9}""")]
    [InlineData("""{"client":2,"op":"put","key":"k","value":null,"expected":null,"output":null,"ok":true,"call":5,"return":9}""")]
    [InlineData("""{"client":2,"op":"put","key":"k","value":"a;","expected":null,"output":null,"ok":1,"call":5,"return":9}""")]
    [InlineData("""{"client":2.5,"op":"put","key":"k","value":"a;","expected":null,"output":null,"ok":true,"call":5,"return":9}""")]
    [InlineData("""{"client":2,"op":"put","key":"k","value":"a;","expected":null,"output":null,"ok":true,"call":9,"return":5}""")]
    [InlineData("""{"client":2,"op":"put","key":"k","value":"a;","expected":null,"output":null,"call":5,"return":9}""")]
    [InlineData("""{"client":2,"op":"put","key":"k","value":"a;","expected":null,"output":null,"ok":true,"call":5,"return":9} x""")]
    [InlineData("""{"client":2,"op":"put","key":"k","value":"\ud800","expected":null,"output":null,"ok":true,"call":5,"return":9}""")]
    public void MalformedLine_IsAnError_ThatNamesIt(string line) =>
        Assert.Equal(2, Assert.Throws<HistoryFormatException>(() => Read(Put + "\n" + line + "\n")).Line);

    [Fact]
    public void ClientThatDoesTwoThingsAtOnce_IsAnError() =>
        Assert.Equal(2, Assert.Throws<HistoryFormatException>(() => Read(Put + "\n" + Put.Replace("\"call\":5", "\"call\":6", StringComparison.Ordinal))).Line);

    [Fact]
    public void ClientThatGoesOnAfterAnUnknownOutcome_IsAnError() =>
        Assert.Equal(2, Assert.Throws<HistoryFormatException>(() => Read(
            Put.Replace("true", "null", StringComparison.Ordinal) + "\n" + Put.Replace("\"call\":5,\"return\":9", "\"call\":10,\"return\":11", StringComparison.Ordinal))).Line);

    [Fact]
    public void FailedCas_ThatNamesNothing_FoundNothing_OnlyWhereOthersNameWhatTheyFound()
    {
        const string silent = """{"client":1,"op":"cas","key":"k","value":"b;","expected":"a;","output":null,"ok":false,"call":5,"return":9}""";
        Assert.False(Read(silent)[0].OutputReported);
        Assert.True(Read(silent + "\n" + silent.Replace("\"output\":null", "\"output\":\"c;\"", StringComparison.Ordinal).Replace(":1,", ":2,", StringComparison.Ordinal))[0].OutputReported);
    }

    private static IReadOnlyList<Operation> Read(string text) => HistoryReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)));
}
