using System.Globalization;
using System.Security.Cryptography;

namespace Quorleans.Clerk;

/// <summary>Ids of jobs.</summary>
public static class JobIds
{
    /// <summary>A new one: the time, and chance. Such as <c>20261125-221530-7f3a9c01</c>.</summary>
    /// <param name="time">The clock.</param>
    public static string Create(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyyMMdd-HHmmss}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
    }
}
