using Quorleans.Hosting;

namespace Quorleans.Clustering.Tests;

public sealed class ProtocolRangeTests
{
    [Theory]
    [InlineData("1", "1", 1)]
    [InlineData("1-2", "1", 1)]
    [InlineData("2-3", "1-2", 2)]
    [InlineData("1-4", "2-3", 3)]
    [InlineData("1", "2", null)]
    [InlineData("3-4", "1-2", null)]
    public void TwoPrograms_TalkInTheNewestVersionThatBothSpeak(string one, string other, int? version)
    {
        ProtocolRange a = ProtocolRange.TryParse(one)!.Value, b = ProtocolRange.TryParse(other)!.Value;
        Assert.Equal(version, a.Agree(b));
        Assert.Equal(version, b.Agree(a));
        Assert.Equal(one, a.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1-")]
    [InlineData("2-1")]
    [InlineData("1-2-3")]
    [InlineData("99999999999")]
    [InlineData("one")]
    public void WhatIsNoRange_IsNone(string text) => Assert.Null(ProtocolRange.TryParse(text));
}
