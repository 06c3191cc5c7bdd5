using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>What is refused before it is sent.</summary>
public sealed class LimitTests
{
    public static TheoryData<ClerkOperation, ClerkError, string> Bad => new()
    {
        { new ClerkOperation(OperationKind.Get, default), ClerkError.KeyEmpty, "empty" },
        { new ClerkOperation(OperationKind.Put, new byte[4097]), ClerkError.KeyTooLong, "4097 bytes; the limit is 4096" },
        { new ClerkOperation(OperationKind.Put, new byte[1], new byte[1048577]), ClerkError.ValueTooLarge, "1048577 bytes; the limit is 1048576" },
        { new ClerkOperation(OperationKind.CompareAndSet, new byte[1], new byte[1], -1), ClerkError.Invalid, "-1" },
        { new ClerkOperation(new ScanRequest { Limit = 0 }), ClerkError.Invalid, "limit is 0" },
        { new ClerkOperation(new ScanRequest { Limit = 10_001 }), ClerkError.Invalid, "10001" },
        { new ClerkOperation(new ScanRequest { Prefix = new byte[5000] }), ClerkError.KeyTooLong, "5000" },
        { new ClerkOperation(new ScanRequest { Continuation = "no token!" }), ClerkError.Invalid, "continuation token" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void ABadOperationIsRefusedAtOnce_NamingLimitAndActual(ClerkOperation operation, ClerkError error, string part)
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        driver.Submit(operation);
        driver.Step();

        Assert.Same(operation, Assert.Single(driver.Ended));
        Assert.Equal(error, operation.Error);
        Assert.Equal(OperationOutcome.DidNotHappen, operation.Outcome);
        Assert.Contains(part, operation.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(driver.Sent);
        Assert.Equal(0, driver.Core.Outstanding);
    }

    [Fact]
    public void TheLongestKeyAndValueAreSent()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        driver.Submit(new ClerkOperation(OperationKind.Put, new byte[4096], new byte[1048576]));
        driver.Step();

        Assert.Equal(1048576, driver.TakeSent(AttemptKind.Write).Writes()[0].Value.Length);
    }

    [Fact]
    public void OneOperationTooMany_IsBusyAtOnce()
    {
        CoreDriver driver = new(static options => options.MaxOutstandingOperations = 2);
        driver.Put("a");
        driver.Put("b");
        ClerkOperation third = driver.Put("c");

        Assert.Equal(ClerkError.Busy, third.Error);
        Assert.Equal(OperationOutcome.DidNotHappen, third.Outcome);
        Assert.Equal(2, driver.Core.Outstanding);
    }

    [Fact]
    public void TooManyBytes_AreBusyAtOnce_ButOneLargeOperationGoes()
    {
        CoreDriver driver = new(static options => options.MaxOutstandingBytes = 10);
        ClerkOperation large = driver.Put("a", "12345678901234567890");
        ClerkOperation next = driver.Put("b");

        Assert.False(large.IsDone);
        Assert.Equal(ClerkError.Busy, next.Error);
    }

    [Theory]
    [InlineData("Group")]
    [InlineData("Nodes")]
    [InlineData("OperationTimeout")]
    [InlineData("MaxBatchesInFlight")]
    public void AnOptionThatMakesNoSense_IsNamed(string name)
    {
        ClerkOptions options = new();
        switch (name)
        {
            case "Group": options.Group = ""; break;
            case "Nodes": options.Nodes = []; break;
            case "OperationTimeout": options.OperationTimeout = TimeSpan.Zero; break;
            default: options.MaxBatchesInFlight = 0; break;
        }

        ArgumentException e = Assert.Throws<ArgumentException>(() => new ClerkCore(options, new ClientId(1), 1));
        Assert.Contains($"ClerkOptions.{name}", e.Message, StringComparison.Ordinal);
    }
}
