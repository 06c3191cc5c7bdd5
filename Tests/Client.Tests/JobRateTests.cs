using Quorleans.Client.Commands;

namespace Quorleans.Client.Tests;

/// <summary>The rates beside a job's bars.</summary>
public sealed class JobRateTests
{
    [Fact]
    public void Rate_IsThatOfTheLastSeconds_WhileItGrows()
    {
        JobRate rate = new();
        for (int second = 0; second <= 10; second++) rate.Next(second, 100 * second, hasEnded: false);
        for (int second = 11; second <= 20; second++) rate.Next(second, 1000, hasEnded: false);
        Assert.Equal(0, rate.Next(21, 1000, hasEnded: false));
        Assert.Equal(100, rate.Next(22, 1300, hasEnded: false), tolerance: 1);
    }

    [Fact]
    public void Rate_IsThatOfAllItsTime_WhenItHasEnded_AndStaysThere()
    {
        JobRate rate = new();
        rate.Next(2, 0, hasEnded: false);
        rate.Next(4, 500, hasEnded: false);
        rate.Next(7, 1000, hasEnded: true);
        Assert.Equal(200, rate.Next(60, 1000, hasEnded: true));
    }

    [Fact]
    public void Rate_BeginsAnew_WhenWorkWasLost()
    {
        JobRate rate = new();
        rate.Next(0, 0, hasEnded: false);
        rate.Next(1, 1000, hasEnded: false);
        Assert.Equal(0, rate.Next(2, 400, hasEnded: false));
        Assert.Equal(100, rate.Next(3, 500, hasEnded: false));
    }
}
