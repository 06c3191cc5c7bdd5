using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>Scans page by page.</summary>
public sealed class ScanTests
{
    private static readonly ScanRequest s_request = new() { Prefix = CoreDriver.Bytes("k"), From = CoreDriver.Bytes("k1"), To = CoreDriver.Bytes("k9"), Limit = 2 };

    [Fact]
    public void APageHoldsItsItems_AndTheNextOneGoesOnBehindThem()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ScanPage page = FirstPage(driver);
        Assert.Equal(["k1", "k2"], page.Items.Select(static item => System.Text.Encoding.UTF8.GetString(item.Key.Span)));
        Assert.Equal([11, 12], page.Items.Select(static item => item.Version));
        Assert.NotNull(page.Continuation);
        Assert.Matches("^[A-Za-z0-9_-]+$", page.Continuation);

        ClerkOperation next = driver.Submit(new ClerkOperation(s_request with { Continuation = page.Continuation }));
        driver.Step();
        ClerkAttempt attempt = driver.TakeSent(AttemptKind.Read);
        ReadOperation read = Assert.Single(attempt.Reads());
        Assert.Equal("k2"u8, read.After.Span);
        Assert.Equal("k"u8, read.Key.Span);
        Assert.Equal("k1"u8, read.From.Span);
        Assert.Equal("k9"u8, read.To.Span);
        driver.Ok(attempt, static results =>
        {
            results.BeginScan();
            results.EndScan(default);
        });
        Assert.Empty(next.ResultPage!.Items);
        Assert.Null(next.ResultPage.Continuation);
    }

    [Fact]
    public void ATokenIsRefused_WhenItIsForAnotherRangeOrDamaged()
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        string token = FirstPage(driver).Continuation!;
        Assert.Null(Try(driver, s_request with { Continuation = token, Limit = 7 }));
        Assert.Equal(ClerkError.Invalid, Try(driver, s_request with { Continuation = token, Prefix = CoreDriver.Bytes("l") }));
        Assert.Equal(ClerkError.Invalid, Try(driver, s_request with { Continuation = token, From = default }));
        Assert.Equal(ClerkError.Invalid, Try(driver, s_request with { Continuation = token, To = default }));
        Assert.Equal(ClerkError.Invalid, Try(driver, s_request with { Continuation = "" }));
        Assert.Equal(ClerkError.Invalid, Try(driver, s_request with { Continuation = "####" }));
        for (int i = 0; i < token.Length; i++)
        {
            char other = token[i] == 'A' ? 'B' : 'A';
            string damaged = string.Concat(token.AsSpan(0, i), [other], token.AsSpan(i + 1));
            Assert.Equal(ClerkError.Invalid, Try(driver, s_request with { Continuation = damaged }));
            Assert.Equal(ClerkError.Invalid, Try(driver, s_request with { Continuation = token[..i] }));
        }
    }

    private static ClerkError? Try(CoreDriver driver, ScanRequest request)
    {
        ClerkOperation operation = driver.Submit(new ClerkOperation(request));
        driver.Core.Cancel(operation);
        return operation.Error;
    }

    private static ScanPage FirstPage(CoreDriver driver)
    {
        ClerkOperation scan = driver.Submit(new ClerkOperation(s_request));
        driver.Step();
        driver.Ok(driver.TakeSent(AttemptKind.Read), static results =>
        {
            results.BeginScan();
            results.AddScanItem("k1"u8, "a"u8, 11);
            results.AddScanItem("k2"u8, "b"u8, 12);
            results.EndScan("k2"u8);
        });
        Assert.Null(scan.Error);
        return scan.ResultPage!;
    }
}
