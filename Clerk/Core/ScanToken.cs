using System.Buffers.Binary;
using System.Buffers.Text;

namespace Quorleans.Clerk;

/// <summary>
/// A scan's continuation token: base64url of a version, a check over version, range and key, and the key behind which the scan goes on.
/// The check catches mistakes, such as a token of another scan; it is no protection against forgery, which would gain nothing.
/// </summary>
internal static class ScanToken
{
    private const byte Version = 1;
    private const int HeaderBytes = 1 + 8;

    /// <summary>Makes the token of a page.</summary>
    /// <param name="request">The scan.</param>
    /// <param name="after">The last key that was read.</param>
    public static string Create(ScanRequest request, ReadOnlySpan<byte> after)
    {
        byte[] token = new byte[HeaderBytes + after.Length];
        token[0] = Version;
        BinaryPrimitives.WriteUInt64BigEndian(token.AsSpan(1), Check(request, after));
        after.CopyTo(token.AsSpan(HeaderBytes));
        return Base64Url.EncodeToString(token);
    }

    /// <summary>Reads a token.</summary>
    /// <param name="request">The scan that it shall continue.</param>
    /// <param name="token">The token.</param>
    /// <param name="after">The key behind which to go on.</param>
    /// <returns>Null, or what is wrong with it, for a person.</returns>
    public static string? Read(ScanRequest request, string token, out ReadOnlyMemory<byte> after)
    {
        after = default;
        if (token.Length > 1 << 18 || !Base64Url.IsValid(token)) return NotOne;
        byte[] bytes = Base64Url.DecodeFromChars(token);
        if (bytes.Length <= HeaderBytes) return NotOne;
        if (bytes[0] != Version) return $"The continuation token has format {bytes[0]}; this program knows {Version}. Begin the scan again.";
        ReadOnlyMemory<byte> key = bytes.AsMemory(HeaderBytes);
        if (BinaryPrimitives.ReadUInt64BigEndian(bytes.AsSpan(1)) != Check(request, key.Span)) return NotOne;
        after = key;
        return null;
    }

    private const string NotOne =
        "The continuation token is none, or belongs to a scan with another prefix, from or to. Pass the one of the page before, with the same range.";

    private static ulong Check(ScanRequest request, ReadOnlySpan<byte> after)
    {
        ulong hash = Add(14695981039346656037, [Version]);
        hash = Add(hash, request.Prefix.Span);
        hash = Add(hash, request.From.Span);
        hash = Add(hash, request.To.Span);
        return Add(hash, after);
    }

    // FNV-1a over length and bytes, so that ("a", "bc") and ("ab", "c") differ.
    private static ulong Add(ulong hash, ReadOnlySpan<byte> bytes)
    {
        const ulong Prime = 1099511628211;
        for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ (byte)(bytes.Length >> shift)) * Prime;
        foreach (byte value in bytes) hash = (hash ^ value) * Prime;
        return hash;
    }
}
