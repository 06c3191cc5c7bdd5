namespace Quorleans.Processes.Tests.History;

public sealed class AppendComparerTests
{
    private static readonly AppendOperation[] History =
    [
        Append(0, "a1;", 1, 2), Append(1, "b1;", 1, 4), Append(0, "a2;", 3, 5), Read(2, "a1;", 2, 3),
        Append(3, "u1;", 3, 6, acknowledged: false), Read(2, "a1;b1;a2;", 6, 7), Append(1, "b2;", 8, 9),
    ];

    [Theory]
    [InlineData("a1;b1;a2;b2;")]
    [InlineData("a1;b1;a2;b2;u1;")]
    [InlineData("a1;b1;a2;u1;b2;")]
    public void Nothing_WhenUnknownOnesAreThereOnceOrNot(string final) => Assert.Empty(Compare(final));

    [Fact]
    public void Reports_ADroppedValue() => Assert.Contains("lost: b2;", Assert.Single(Compare("a1;b1;a2;")), StringComparison.Ordinal);

    [Fact]
    public void Reports_ADroppedKey() =>
        Assert.Contains(AppendComparer.Compare(History, new Dictionary<string, string>()), static problem => problem.StartsWith("lost: a1;", StringComparison.Ordinal));

    [Theory]
    [InlineData("a1;b1;a2;b2;b2;", "b2")]
    [InlineData("a1;b1;a2;u1;b2;u1;", "u1")]
    public void Reports_ADoubledValue(string final, string value) => Assert.Contains($"holds {value} twice", Assert.Single(Compare(final)), StringComparison.Ordinal);

    [Fact]
    public void Reports_AStranger() => Assert.Contains("x1;, which nobody wrote", Assert.Single(Compare("a1;b1;a2;b2;x1;")), StringComparison.Ordinal);

    [Fact]
    public void Reports_ATornValue() => Assert.Contains(Compare("a1;b1;a2;b2;u"), static problem => problem.Contains("half a value", StringComparison.Ordinal));

    [Fact]
    public void Reports_AClientsAppendsOutOfOrder() =>
        Assert.Contains(
            AppendComparer.Compare([Append(0, "a1;", 1, 2), Append(0, "a2;", 3, 4)], Final("a2;a1;")),
            static problem => problem.Contains("append of a2; began after client 0's append of a1;", StringComparison.Ordinal));

    [Fact]
    public void Reports_AStaleRead() =>
        Assert.Contains("read of 0 values began after", Assert.Single(AppendComparer.Compare([Append(0, "a1;", 1, 2), Read(1, "", 3, 4)], Final("a1;"))), StringComparison.Ordinal);

    [Fact]
    public void Reports_AReadOfWhatIsGone() =>
        Assert.Contains("not how its value begins", Assert.Single(AppendComparer.Compare([Append(0, "a1;", 1, 9, acknowledged: false), Read(1, "a1;", 3, 4)], Final(""))), StringComparison.Ordinal);

    [Fact]
    public void Reports_AReadFromTheFuture() =>
        Assert.NotEmpty(AppendComparer.Compare([Read(1, "a1;", 1, 2), Append(0, "a1;", 3, 4)], Final("a1;")));

    private static IReadOnlyList<string> Compare(string final) => AppendComparer.Compare(History, Final(final));

    private static Dictionary<string, string> Final(string value) => new() { ["k"] = value };

    private static AppendOperation Append(int client, string value, long call, long @return, bool acknowledged = true) =>
        new(client, false, "k", value, acknowledged, call, @return);

    private static AppendOperation Read(int client, string value, long call, long @return) => new(client, true, "k", value, true, call, @return);
}
