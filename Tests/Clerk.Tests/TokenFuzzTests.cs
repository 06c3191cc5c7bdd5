using CsCheck;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>A continuation token comes back from outside and may be anything.</summary>
public sealed class TokenFuzzTests
{
    [Fact]
    public void AnyText_IsRefusedOrIsThisScansOwnToken() => Gen.String[0, 80].Sample(AssertRefused, iter: 20_000);

    [Fact]
    public void AnyBytesInTheTokensOwnForm_AreRefused() =>
        Gen.Byte.Array[0, 60].Sample(bytes => AssertRefused(System.Buffers.Text.Base64Url.EncodeToString([1, .. bytes])), iter: 20_000);

    private static void AssertRefused(string token)
    {
        CoreDriver driver = new CoreDriver().FindLeader();
        ClerkOperation scan = driver.Submit(new ClerkOperation(new ScanRequest { Prefix = CoreDriver.Bytes("k"), Limit = 2, Continuation = token }));
        Assert.Equal(ClerkError.Invalid, scan.Error);
    }
}
