/** Whether `signature` of `message` was made by the key of these 32 bytes (RFC 8032). */
export async function verifySignature(
  _publicKey: Uint8Array<ArrayBuffer>,
  _signature: Uint8Array<ArrayBuffer>,
  _message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  return false
}

/** The name of a public key: lower-case hex SHA-256 of its 32 bytes. */
export async function keyId(_publicKey: Uint8Array<ArrayBuffer>): Promise<string> {
  return ''
}
